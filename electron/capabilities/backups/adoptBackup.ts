// Reads a foreign backup in full as a job; to adopt it, writes its record and moves it, unchanged, one folder down beside that.
import { existsSync, statSync } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { ForeignBackup } from '../../../shared/contracts/backups'
import type { JobResult } from '../../../shared/jobs/job'
import type { BackupRecord } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { partialSuffix } from '../../library/backupFolder'
import { syncFolder } from '../../library/durability'
import { lookAtFile, lookAtFolder } from '../../library/foreignBackup'
import { recordName, writeRecord } from '../../library/recordFile'
import { fromSystemError } from '../../process/systemError'
import type { Services } from '../../services'
import { readForeignBase } from './foreignBase'
import { readForeignDump } from './foreignDump'
import type { ForeignReading, KeptUnder } from './foreignReading'
import { type LibraryNeeds, libraryOf, refuseBusy, requireAbsolute } from './removeBackup'

type Needs = LibraryNeeds & Pick<Services, 'tools' | 'spawn'>

const kept = z.object({ server: z.string(), label: z.string() })

/** As stored with the job. */
export const foreignInput = z.object({ foreign: z.string(), keep: kept.nullable() })

const steps = [
  { id: 'look', label: 'What it is' },
  { id: 'read', label: 'Read in full' },
  { id: 'checksums', label: 'Checksums' },
  { id: 'record', label: 'Record' },
] as const

export async function startForeign(services: Needs, asked: string, keep: KeptUnder | null): Promise<{ jobId: string }> {
  const at = requireAbsolute(asked)
  // A dump in a single file may lie one level deeper than a folder.
  const library = await libraryOf(services, at, 3)
  const found = await lookAt(at, library)
  if (found.problem !== '') {
    throw new AppError('bad_input', `${at}: ${found.problem}`, { hint: 'What can be known of it is in the list of backups.' })
  }
  refuseBusy(services, at)
  const place = placeOf(at, library)
  const name = path.basename(at)
  const { id } = services.jobs.start({
    capability: 'backups',
    title: keep ? `Add a record to ${name}` : `Verify ${name}`,
    // The kind is for the job's page: it leads on to the right way to restore.
    input: { foreign: at, keep, kind: found.kind },
    connectionId: null,
    serverLabel: keep?.server ?? '',
    steps: keep ? steps : steps.slice(0, 2),
    onCancel: 'Nothing is changed: the backup stays where and as it is.',
    locks: [`path:${at}`, ...(keep ? [`path:${place.final}`] : [])],
    run: (job) => runForeign({ at, library, keep, place }, job, services),
  })
  return { jobId: id }
}

interface ForeignJob {
  at: string
  library: string
  keep: KeptUnder | null
  place: ForeignPlace
}

interface ForeignPlace {
  partial: string
  final: string
}

/** A folder keeps its path. A file gets a folder of its own; from the third level it moves up to where backups are looked for. */
function placeOf(at: string, library: string): ForeignPlace {
  const folder = statSync(at).isDirectory()
  const deep = path.relative(library, at).split(path.sep).length > 2
  const parent = folder || !deep ? path.dirname(at) : path.dirname(path.dirname(at))
  const final = folder ? at : path.join(parent, `${path.basename(at)}-backup`)
  return { partial: `${final}${partialSuffix}`, final }
}

async function lookAt(at: string, library: string): Promise<ForeignBackup> {
  if (existsSync(path.join(at, recordName))) {
    throw new AppError('conflict', `${at} has a record already.`, { hint: 'Look at the catalog again.' })
  }
  const info = await stat(at)
  const found = info.isDirectory() ? await lookAtFolder(at, library) : await lookAtFile(at, library)
  if (found !== null && found !== 'cluster') return found
  throw new AppError('bad_input', `${at} is no backup that pg_basebackup, pg_dump or pg_dumpall made.`, {
    hint: found === 'cluster' ? 'It is a data directory: a cold backup copies one.' : 'Look at the catalog again.',
  })
}

async function runForeign({ at, library, keep, place }: ForeignJob, job: JobContext, services: Needs): Promise<JobResult> {
  job.step('look')
  const found = await lookAt(at, library)
  if (found.problem !== '') throw new AppError('bad_input', `${at}: ${found.problem}`)
  job.endStep('look', 'done', `${found.kind}, ${found.format}`)
  const reading: ForeignReading =
    found.kind === 'base-backup'
      ? await readForeignBase(found, keep, job, services)
      : await readForeignDump(found, keep, job, services)
  const facts = [
    { label: 'Read', value: reading.detail, mono: false },
    { label: 'Folder', value: keep ? place.final : at, mono: true },
  ]
  if (!keep || !reading.record) {
    return { headline: `Whole: ${reading.detail}. It has no record to keep this in.`, facts, backupPath: null, database: null }
  }
  job.step('record')
  job.signal.throwIfAborted()
  await moveDown(job, at, place, reading.record)
  const size = 'size' in reading.record ? formatBytes(reading.record.size) : ''
  return {
    headline: `${path.basename(at)} is a backup of the library now${size === '' ? '' : `: ${size}`}, read in full.`,
    facts,
    backupPath: place.final,
    database: reading.record.source.database,
  }
}

/** The record first, then two renames right after one another: only between those is the backup where nobody looks for it. */
async function moveDown(job: JobContext, at: string, { partial, final }: ForeignPlace, record: BackupRecord): Promise<void> {
  const inner = path.join(partial, record.artifact)
  let done = false
  try {
    await mkdir(partial, { mode: 0o700 })
    job.onCleanup('the move', async () => {
      if (done) return
      if (existsSync(inner)) await rename(inner, at)
      // What is left in there is the record alone.
      await rm(partial, { recursive: true, force: true })
    })
    job.output({ partial, final })
    await writeRecord(partial, record)
    await rename(at, inner)
    await rename(partial, final)
    done = true
    await syncFolder(final)
    await syncFolder(path.dirname(final))
    await syncFolder(path.dirname(at))
  } catch (error) {
    throw fromSystemError(error, `move ${at} to ${inner}`) ?? error
  }
}
