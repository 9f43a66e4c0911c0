// The level manifest: every file of a base backup as its manifest says, and the WAL that came along, by pg_verifybackup.
import { open } from 'node:fs/promises'
import path from 'node:path'
import type { BackupManifest } from '../../../shared/model/backupManifest'
import type { BaseBackupRecord } from '../../../shared/model/backupRecord'
import { majorOf } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import { buildCommand } from '../../../shared/tools/buildCommand'
import { pgVerifybackup } from '../../../shared/tools/pgVerifybackup'
import { shownWords } from '../../../shared/tools/showCommand'
import type { JobContext } from '../../jobs/jobTypes'
import { listFolder } from '../../library/checksumFiles'
import { type ExactTool, findExactTool } from '../../library/exactTool'
import { checkMembers } from '../../library/memberCheck'
import { isBackupTar, readTarBackup } from '../../library/readTarBackup'
import { segmentsInWords } from '../../library/readWalRange'
import { runVerifier } from '../../library/runVerifier'
import { packedBy, unpackProblem } from '../../library/unpackFile'
import { errorCode } from '../../process/systemError'
import type { Services } from '../../services'
import { type Difference, judged, type LevelResult, notRun, type Subject } from './levelResult'
import { diskPath, manifestName, manifestOf, tarOf } from './physicalFiles'

type Base = Subject<BaseBackupRecord>

export async function verifyManifest(base: Base, job: JobContext, { tools }: Pick<Services, 'tools'>): Promise<LevelResult> {
  const { record } = base
  const manifest = await manifestOf(base)
  if (manifest === null) return notRun('the backup has no manifest')
  if (!('files' in manifest)) return judged([manifest], '')
  const files = `${manifest.files.length} files as in the manifest`
  const tool = await findExactTool(tools, 'pg_verifybackup', record.source.serverVersion)
  // pg_verifybackup reads tars from 18 on.
  if (tool && (record.format === 'plain' || record.major >= 18)) return runProgram(base, manifest, tool, job, tools)
  const missing = tool ? '' : `there is no pg_verifybackup ${record.major} here: Walkback compared the files itself`
  if (missing !== '') job.log(`${missing}.`, 'warning')
  const compared = await (record.format === 'tar' ? compareTars : comparePlain)(base, manifest, job)
  if (typeof compared === 'string') return notRun(compared)
  const unread = record.walMethod === 'none' ? '' : ', and its WAL was not read'
  const judgement = judged(compared, missing === '' ? files : `${files}; ${missing}${unread}`)
  return judgement.ok === true ? { ...judgement, brief: files } : judgement
}

async function runProgram(base: Base, manifest: BackupManifest, tool: ExactTool, job: JobContext, tools: Services['tools']) {
  const { folder, record } = base
  // It starts the pg_waldump beside itself, which can't look into tars.
  const waldump = await findExactTool(tools, 'pg_waldump', record.source.serverVersion)
  const beside = waldump !== null && path.dirname(waldump.path) === path.dirname(tool.path)
  const parses = record.format === 'plain' && record.walMethod !== 'none' && beside
  const values = { noParseWal: !parses, progress: majorOf(tool.version) >= 16 }
  const command = buildCommand(pgVerifybackup, values, { tool: tool.version, server: null }, [path.join(folder, record.artifact)])
  const shown = { title: 'Manifest', program: command.program, version: tool.version, words: shownWords(command.argv) }
  job.command({ ...shown, kind: 'program' })
  const { verified, problems, walErrors, program } = await runVerifier(job, { tool, command })
  const differences: Difference[] = []
  for (const { file, what } of problems) {
    // What the pg_waldump of its own said names the place.
    if (what.startsWith('WAL parsing failed') && walErrors.length > 0) continue
    differences.push({ file: placeOf(record, file, what), what: `is not as in the manifest: ${what}` })
  }
  if (record.format === 'tar' && problems.some(({ file }) => file === '')) {
    // Of a tar that is cut off it says neither which one nor where.
    const compared = await compareTars(base, manifest, job)
    if (typeof compared !== 'string' && compared.length > 0) differences.splice(0, differences.length, ...compared)
  }
  for (const words of walErrors) differences.push(await walDifference(base, words))
  if (!verified && differences.length === 0) differences.push({ file: record.artifact, what: `is not whole, says ${program}` })
  const proved = parses ? ', its WAL read' : ''
  return judged(differences, `${manifest.files.length} files as in the manifest${proved}`)
}

/** From the name that pg_verifybackup gives to the file in the backup's folder. */
function placeOf(record: BaseBackupRecord, file: string, what: string): string {
  if (file === '') return /manifest/.test(what) && record.manifest ? record.manifest.path : record.artifact
  const inner = file.startsWith('./') ? file.slice(2) : file
  if (record.format === 'plain') return diskPath(record, inner)
  return isBackupTar(inner) ? `${record.artifact}/${inner}` : tarOf(record, inner)
}

async function walDifference({ folder, record }: Base, words: string): Promise<Difference> {
  const wal = path.join(folder, record.artifact, 'pg_wal')
  const { segmentSize, start } = record
  const names = await segmentsInWords(words, wal, { timeline: start.timeline, segmentSize })
  const file = names.map((name) => `${record.artifact}/pg_wal/${name}`).join(' or ') || `${record.artifact}/pg_wal`
  return { file, what: `holds WAL that can’t be read: ${words}` }
}

/** Text: why they can't be read here. */
async function compareTars({ folder, record }: Base, manifest: BackupManifest, job: JobContext): Promise<Difference[] | string> {
  const data = path.join(folder, record.artifact)
  const names = (await listFolder(data)).files.filter(isBackupTar)
  for (const name of names) {
    const problem = await unpackProblem(packedBy(name))
    if (problem !== '') return `not compared with the manifest: ${problem}`
  }
  let done = 0
  let reading = ''
  try {
    const { problems } = await readTarBackup(data, names, {
      ...{ signal: job.signal, manifest, walFolder: null, sealed: new Set() },
      onBytes: (bytes, file) => {
        done += bytes
        reading = file
        job.progress({ done, total: Number(record.size), unit: 'bytes', label: file })
      },
    })
    return problems.map(({ file, what }) => ({ file: tarOf(record, file), what: `holds ${file}, which ${what}` }))
  } catch (error) {
    job.signal.throwIfAborted()
    if (!(error instanceof AppError)) throw error
    const file = `${record.artifact}/${reading}`
    return [{ file, what: `is not whole: ${error.message.replace(/\.$/, '')}` }]
  } finally {
    job.progress(null)
  }
}

async function comparePlain({ folder, record }: Base, manifest: BackupManifest, job: JobContext): Promise<Difference[]> {
  const check = checkMembers(manifest)
  const unreadable: Difference[] = []
  // One buffer for all: most of a thousand files are small.
  const buffer = Buffer.allocUnsafe(1024 * 1024)
  let done = 0
  for (const file of (await listFolder(folder)).files) {
    const name = manifestName(record, file)
    if (name === undefined) continue
    job.signal.throwIfAborted()
    try {
      const handle = await open(path.join(folder, file))
      try {
        check.begin(name, (await handle.stat()).size)
        for (let read = -1; read !== 0; done += read) {
          read = (await handle.read(buffer, 0, buffer.length, null)).bytesRead
          check.data(buffer.subarray(0, read))
          job.signal.throwIfAborted()
        }
        check.end()
      } finally {
        await handle.close()
      }
    } catch (error) {
      job.signal.throwIfAborted()
      unreadable.push({ file, what: `can’t be read: ${errorCode(error)}` })
    }
    job.progress({ done, total: Number(record.size), unit: 'bytes', label: file })
  }
  job.progress(null)
  return [...unreadable, ...check.finish().map(({ file, what }) => ({ file: diskPath(record, file), what }))]
}
