// Reads the whole backup before anything of it is written: pg_verifybackup where it can look, checksums for the rest.

import { createReadStream, existsSync } from 'node:fs'
import path from 'node:path'
import type { ShownCommand } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { majorOf } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import { type BuiltCommand, buildCommand } from '../../../shared/tools/buildCommand'
import { pgVerifybackup } from '../../../shared/tools/pgVerifybackup'
import { shownWords } from '../../../shared/tools/showCommand'
import type { JobContext } from '../../jobs/jobTypes'
import { hashFiles } from '../../library/checksumFiles'
import { digestOf, type FileProblem } from '../../library/memberCheck'
import { messageOf } from '../../process/systemError'
import { damagedFile } from './copyBackup'
import type { BackupListing, SourceFile } from './listBackup'
import type { Programs, RecoveryPlan } from './planRecovery'
import type { PhysicalBackup } from './readBackup'
import { checkTars } from './unpackBackup'

export interface Verifier {
  path: string
  version: number
  command: BuiltCommand
}

/** What is read before anything is written: the backup, or each of its chain. */
interface Subject {
  backup: PhysicalBackup
  listing: BackupListing | null
  verifier: Verifier | null
  /** What its files are named after in a complaint; '' for the only one. */
  name: string
}

/** By the program of its own major, which reads its WAL too. null where there is none. */
export function verifierOf(data: string, { programs, wal }: { programs: Programs; wal: boolean }): Verifier | null {
  const file = path.join(programs.bin, 'pg_verifybackup')
  if (!existsSync(file)) return null
  const noParseWal = !wal || !existsSync(path.join(programs.bin, 'pg_waldump'))
  const options = { noParseWal, progress: majorOf(programs.version) >= 16 }
  const command = buildCommand(pgVerifybackup, options, { tool: programs.version, server: null }, [data])
  return { path: file, version: programs.version, command }
}

/** Not of one taken without WAL, to be recovered with an archive's. */
export function holdsWal({ record }: Pick<PhysicalBackup, 'record'>): boolean {
  return record?.kind !== 'base-backup' || record.walMethod !== 'none'
}

/** A chain is always verified: pg_combinebackup compares no checksum, and takes damaged blocks over. */
export function verifiesFirst({ request, chain }: Pick<RecoveryPlan, 'request' | 'chain'>): boolean {
  return request.verify || chain !== null
}

function subjectsOf(plan: Pick<RecoveryPlan, 'backup' | 'programs' | 'chain' | 'listing'>): Subject[] {
  const { backup, programs, chain, listing } = plan
  const subject = (one: PhysicalBackup, wal: boolean): Pick<Subject, 'backup' | 'verifier'> => {
    const looks = programs && one.format === 'plain' && one.manifest !== null
    return { backup: one, verifier: looks ? verifierOf(one.data, { programs, wal: wal && holdsWal(one) }) : null }
  }
  if (!chain) return [{ ...subject(backup, true), listing, name: '' }]
  // The WAL of those before the last is of no use to the result.
  return chain.links.map((link) => ({ ...link, ...subject(link.backup, link === chain.last) }))
}

/** The commands that read the backup first, as they are shown. */
export function shownVerifiers(
  plan: Pick<RecoveryPlan, 'request' | 'backup' | 'programs' | 'chain' | 'listing'>,
): ShownCommand[] {
  if (!verifiesFirst(plan)) return []
  return subjectsOf(plan).flatMap(({ verifier, name }) =>
    verifier ? [shownVerifier(verifier, name === '' ? 'Verify' : `Verify ${name}`)] : [],
  )
}

export function shownVerifier({ command, version }: Verifier, title: string): ShownCommand {
  return { title, program: command.program, version, words: shownWords(command.argv), kind: 'program' }
}

/** Throws AppError tool_failed where the combined files are not as pg_combinebackup's own manifest says. */
export async function verifyCombined(job: JobContext, verifier: Verifier, folder: string): Promise<string> {
  const [problem] = await runVerifier(job, verifier)
  if (problem) {
    throw new AppError('tool_failed', `The combined files are not whole: ${problem.file} ${problem.what}.`, {
      hint: `The backups of the chain were verified before, so look whether the disk of ${folder} is sound, then start again.`,
    })
  }
  return `every file as in the new manifest${readsWal(verifier) ? ', its WAL read' : ''}`
}

function readsWal({ command }: Verifier): boolean {
  return !command.argv.includes('--no-parse-wal')
}

/** Throws AppError tool_failed that names the first file; each is an issue of the job by then. Returns what was proved. */
export async function verifySource(job: JobContext, plan: RecoveryPlan): Promise<string> {
  const subjects = subjectsOf(plan)
  const proofs: string[] = []
  for (const subject of subjects) proofs.push(await verifyOne(job, subject))
  const [only = ''] = proofs
  return subjects.length === 1 ? only : `${subjects.length} backups of the chain: ${proofs.join('; ')}`
}

async function verifyOne(job: JobContext, { backup, listing, verifier, name }: Subject): Promise<string> {
  const proofs: string[] = []
  const problems: FileProblem[] = []
  if (verifier) {
    problems.push(...(await runVerifier(job, verifier)))
    proofs.push(`${backup.manifest?.files.length ?? 0} files as in the manifest${readsWal(verifier) ? ', its WAL read' : ''}`)
  }
  const rest = (listing?.files ?? []).filter(({ expected }) => expected && !(verifier && expected.by === 'the manifest'))
  const total = backup.format === 'tar' ? Number(backup.size) : rest.reduce((sum, file) => sum + file.size, 0)
  let done = 0
  const onBytes = (bytes: number, label: string) => {
    done += bytes
    job.progress({ done: Math.min(done, total), total, unit: 'bytes', label })
  }
  if (backup.format === 'tar') {
    problems.push(...(await checkTars(backup, { signal: job.signal, onBytes })))
    proofs.push(`${backup.tars.length} tars read to their end`)
  }
  for (const file of rest) {
    const problem = await readOne(file, job.signal, onBytes)
    if (problem) problems.push(problem)
  }
  if (rest.length > 0) proofs.push(`${rest.length} files, ${formatBytes(total)}, as recorded`)
  problems.push(...(await checkConfiguration(backup, job.signal)))
  job.progress(null)
  const named = problems.map(({ file, what }) => ({ file: name === '' ? file : `${name}/${file}`, what }))
  for (const { file, what } of named) {
    const nothing = { entry: '', statement: '', harmless: null, advice: '', logLine: null }
    job.issue({ ...nothing, severity: 'error', object: file, objectKind: 'FILE', message: `${file} ${what}.` })
  }
  if (named[0]) throw damagedFile(named[0])
  return proofs.join('; ')
}

async function readOne(
  file: SourceFile,
  signal: AbortSignal,
  onBytes: (bytes: number, file: string) => void,
): Promise<FileProblem | null> {
  const digest = file.expected && digestOf(file.expected.algorithm)
  if (!file.expected || !digest) return null
  try {
    for await (const chunk of createReadStream(file.source, { highWaterMark: 1024 * 1024, signal })) {
      const bytes = chunk as Buffer // a stream without an encoding
      digest.update(bytes)
      onBytes(bytes.length, file.name)
    }
  } catch (error) {
    if (signal.aborted) throw error
    return { file: file.name, what: `can’t be read: ${messageOf(error)}` }
  }
  const { checksum, algorithm, by } = file.expected
  return digest.hex() === checksum ? null : { file: file.name, what: `differs from its ${algorithm} in ${by}` }
}

/** The settings files beside the data directory, against the record. */
async function checkConfiguration(backup: PhysicalBackup, signal: AbortSignal): Promise<FileProblem[]> {
  const { record } = backup
  if (!record) return []
  const recorded = new Map(record.files.map((file) => [file.path, file]))
  const names = record.configuration.map((file) => file.path).filter((name) => recorded.has(name))
  const found = await hashFiles(backup.path, names, { signal })
  return found
    .filter((file) => recorded.get(file.path)?.sha256 !== file.sha256)
    .map((file) => ({ file: file.path, what: 'differs from its SHA-256 in the record' }))
}

async function runVerifier(job: JobContext, { path: file, command }: Verifier): Promise<FileProblem[]> {
  let verified = false
  const problems: FileProblem[] = []
  const exit = await job.run({
    file,
    argv: command.argv,
    logStderr: false,
    onStdout: (line) => {
      job.log(line)
      if (line === 'backup successfully verified') verified = true
    },
    onStderr: (line) => {
      const progress = /^ *(\d+)\/(\d+) kB \(\d+%\) verified/.exec(line)
      if (progress) {
        const [done, total] = [Number(progress[1]) * 1024, Number(progress[2]) * 1024]
        job.progress({ done, total, unit: 'bytes', label: 'every file against the manifest' })
        return
      }
      const error = /^pg_verifybackup: error: (.*)$/.exec(line)?.[1]
      job.log(line, error === undefined ? 'info' : 'error')
      if (error === undefined) return
      const name = /"([^"]+)"/.exec(error)?.[1] ?? ''
      problems.push({ file: name, what: `is not as the manifest says (${error})` })
    },
  })
  job.progress(null)
  if (exit.cancelled) throw new AppError('cancelled', 'pg_verifybackup was cancelled.')
  if (exit.killedBy !== null) {
    throw new AppError(
      'tool_failed',
      `pg_verifybackup was ended by the signal ${exit.killedBy}, which did not come from Walkback.`,
      {
        hint: 'The backup may be whole. Start again.',
      },
    )
  }
  if (problems.length === 0 && (exit.code !== 0 || !verified)) {
    throw new AppError('tool_failed', `The backup is not whole, says pg_verifybackup: ${exit.stderrTail.slice(-2).join(' ')}`, {
      hint: 'Do not rely on it. Use another backup.',
    })
  }
  return problems
}
