// The level wal: every record from the backup's start to its stop, where its WAL came along, then the archives up to their ends.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { WalRange } from '../../../shared/model/backupManifest'
import type { PhysicalRecord } from '../../../shared/model/backupRecord'
import { formatLsn, toLsn } from '../../../shared/model/lsn'
import { holdsItsWal } from '../../../shared/model/verifyLevels'
import type { WalArchive } from '../../../shared/model/walArchive'
import { segmentName } from '../../../shared/model/walFile'
import { AppError } from '../../../shared/rpc/appError'
import { verifyWalChain } from '../../archive/verifyWalChain'
import { findWrongLength } from '../../archive/wrongLength'
import type { JobContext } from '../../jobs/jobTypes'
import { listFolder } from '../../library/checksumFiles'
import { type ExactTool, findExactTool } from '../../library/exactTool'
import { isBackupTar, readTarBackup } from '../../library/readTarBackup'
import { readWalRange, segmentsInWords, walPageSize } from '../../library/readWalRange'
import { packedBy, unpackProblem } from '../../library/unpackFile'
import type { Services } from '../../services'
import { countDamage, type Difference, type LevelResult, notRun, type Subject } from './levelResult'
import { manifestOf } from './physicalFiles'

type Physical = Subject<PhysicalRecord>
type Needs = Pick<Services, 'tools' | 'paths' | 'spawn'>

export async function verifyWal(
  subject: Physical,
  archives: readonly WalArchive[],
  job: JobContext,
  services: Needs,
): Promise<LevelResult> {
  const { record } = subject
  const tool = await findExactTool(services.tools, 'pg_waldump', record.source.serverVersion)
  if (!tool) return notRun(`not read: there is no pg_waldump ${record.major} here, and no other can read its WAL`)
  const proofs: string[] = []
  const differences: Difference[] = []
  if (holdsItsWal(record)) {
    const own = await readOwnWal(subject, tool, job, services)
    if (typeof own === 'string') return notRun(own)
    differences.push(...own)
    const { start, stop } = record
    const what = start.lsn === stop.lsn ? `the checkpoint at ${start.lsn}` : `its own WAL from ${start.lsn} to ${stop.lsn}`
    proofs.push(own.length === 0 ? `${what} is sound` : `${own[0]?.file} ${own[0]?.what}`)
  }
  const archiveProblems: Difference[] = []
  const reached: string[] = []
  for (const archive of archives) {
    const { verification, chain } = await verifyWalChain(services, {
      folder: archive.folder,
      backup: record,
      signal: job.signal,
      onProgress: ({ done, total, file }) => job.progress({ done, total, unit: 'bytes', label: file }),
      report: (text) => job.log(text, 'warning'),
    })
    job.progress(null)
    if (!verification.ok)
      archiveProblems.push({ file: archive.folder, what: `does not hold: ${verification.detail.replace(/\.$/, '')}` })
    reached.push(formatLsn(chain.reaches))
    proofs.push(`${archive.label}: ${verification.detail}`)
  }
  if (archives.length === 0) proofs.push('no archive of its cluster is known, so no moment after it can be reached')
  const detail = proofs.join('; ').replace(/\.?$/, '.')
  const ok = differences.length + archiveProblems.length === 0
  const sound = archives.length === 0 ? 'its own is sound' : `sound to ${reached.join(', ')}`
  const brief = ok ? sound : differences.length > 0 ? countDamage(differences) : 'the archive does not hold'
  return { ok, detail: detail.charAt(0).toUpperCase() + detail.slice(1), brief, differences, archiveProblems }
}

/** Text: why it can't be read here. */
async function readOwnWal(subject: Physical, tool: ExactTool, job: JobContext, services: Needs): Promise<Difference[] | string> {
  const { folder, record } = subject
  const inTar = record.kind === 'base-backup' && record.format === 'tar'
  const place = inTar
    ? await unpackWal(subject, job, services)
    : { wal: path.join(folder, record.artifact, 'pg_wal'), shown: `${record.artifact}/pg_wal` }
  if (typeof place === 'string' || Array.isArray(place)) return place
  const differences: Difference[] = []
  for (const range of await rangesOf(subject)) {
    const words = (await readWalRange(job, tool, place.wal, range)) ?? (await lengthProblem(place.wal, range, record.segmentSize))
    if (words === null) continue
    const names = await segmentsInWords(words, place.wal, { timeline: range.timeline, segmentSize: record.segmentSize })
    const file = inTar ? place.shown : names.map((name) => `${place.shown}/${name}`).join(' or ') || place.shown
    const inside = inTar && names.length > 0 ? `, in ${names.join(' or ')}` : ''
    differences.push({ file, what: `holds WAL that can’t be read${inside}: ${words}` })
  }
  if (inTar) await rm(place.wal, { recursive: true, force: true })
  return differences
}

/** Of a record that pg_waldump takes for the end, since it says that it goes on behind it. */
async function lengthProblem(folder: string, range: WalRange, segmentSize: number): Promise<string | null> {
  const { timeline, start, end } = range
  const [size, page] = [BigInt(segmentSize), BigInt(walPageSize)]
  const numbers = new Set([end - 1n - page, end - 1n].map((lsn) => lsn / size))
  const files = [...numbers].map((number) => ({
    path: path.join(folder, segmentName({ timeline, number }, segmentSize)),
    start: number * size,
  }))
  const there = files.filter((file) => existsSync(file.path))
  const wrong = await findWrongLength(there, { from: start, end }, { segmentSize, pageSize: walPageSize })
  return wrong && `at ${formatLsn(wrong.at)}, ${wrong.words}`
}

/** As the manifest says, which knows of a change of timeline on the way; without one, from start to stop. */
async function rangesOf({ folder, record }: Physical): Promise<WalRange[]> {
  const { start, stop } = record
  const manifest = record.kind === 'base-backup' ? await manifestOf({ folder, record }) : null
  if (manifest && 'files' in manifest) return manifest.walRanges
  return [{ timeline: start.timeline, start: toLsn(start.lsn), end: toLsn(stop.lsn) }]
}

/** The segments of pg_wal.tar, or of base.tar where the WAL was fetched, in a scratch folder. */
async function unpackWal({ folder, record }: Physical, job: JobContext, { paths }: Needs) {
  const data = path.join(folder, record.artifact)
  const tars = (await listFolder(data)).files.filter((name) => isBackupTar(name) && !/^\d/.test(name))
  const name = tars.find((tar) => tar.startsWith('pg_wal.tar')) ?? tars.find((tar) => tar.startsWith('base.tar'))
  const expected = record.files.find(({ path: file }) => file.startsWith(`${record.artifact}/pg_wal.tar`))?.path
  if (name === undefined || (expected && !name.startsWith('pg_wal.tar'))) {
    return [{ file: expected ?? `${record.artifact}/base.tar`, what: 'is missing' }]
  }
  const problem = await unpackProblem(packedBy(name))
  if (problem !== '') return `not read: ${problem}`
  const wal = path.join(paths.scratch, `wal-${randomBytes(6).toString('hex')}`)
  job.onCleanup('the WAL that was unpacked', () => rm(wal, { recursive: true, force: true }))
  const shown = `${record.artifact}/${name}`
  try {
    await readTarBackup(data, [name], {
      ...{ signal: job.signal, manifest: null, walFolder: wal, sealed: new Set<string>() },
      onBytes: () => undefined,
    })
  } catch (error) {
    job.signal.throwIfAborted()
    if (!(error instanceof AppError)) throw error
    return [{ file: shown, what: `is not whole: ${error.message.replace(/\.$/, '')}` }]
  }
  return { wal, shown }
}
