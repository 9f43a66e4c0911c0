// Answers the calls of the walArchiveStream contract: set up, start and stop, status, the slot, the unit; and what a start takes up.
import { randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { archiveRef } from '../../../../shared/contracts/walArchiveFile'
import type { StreamArchiveRequest, StreamStatus, walArchiveStream } from '../../../../shared/contracts/walArchiveStream'
import type { JobSnapshot } from '../../../../shared/jobs/job'
import { AppError } from '../../../../shared/rpc/appError'
import type { Handlers } from '../../../../shared/rpc/contract'
import { freeBytes } from '../../../library/freeSpace'
import { blockedSentence } from '../../../library/preflightRow'
import { withServer } from '../../../postgres/openServer'
import { fromSystemError, messageOf } from '../../../process/systemError'
import { beginAtSlot, beginOf } from './beginAtSlot'
import { dropSlot } from './dropSlot'
import { limitSlots } from './limitSlots'
import {
  chooseReceiver,
  createSlotSql,
  makeStreamFolder,
  planStream,
  readStreamSource,
  receiveCommand,
  type StreamPlan,
  type StreamServices,
  suggestStream,
} from './planStream'
import { readSlot, statusOf } from './readSlot'
import { requireStreamArchive, runStream, type StreamArchive } from './runStream'
import { systemdUnit } from './systemdUnit'

export function walArchiveStreamHandlers(services: StreamServices): Handlers<typeof walArchiveStream, AbortSignal> {
  return {
    prepare: ({ connectionId }, { signal }) => prepare(services, connectionId, signal),
    preview: async (request, { signal }) => {
      const plan = await planStream(services, request, signal)
      return {
        commands: plan.shown,
        preflight: plan.preflight,
        writes: [
          { label: 'Folder', value: request.folder },
          { label: 'Replication slot on the server', value: request.slot },
        ],
        blocked: blockedSentence(plan.preflight),
        checkedAt: new Date().toISOString(),
      }
    },
    start: (request, { signal }) => setUp(services, request, signal),
    resume: async ({ archiveId }) => startStream(services, requireStreamArchive(services, archiveId)),
    stop: async ({ archiveId }) => {
      const job = jobOf(services, archiveId)
      if (!job) throw new AppError('conflict', 'This archive is not being streamed into.', { hint: 'Nothing has to be stopped.' })
      services.jobs.cancel(job.id)
      await services.jobs.ended(job.id)
      return {}
    },
    limitSlots: ({ connectionId, megabytes }, { signal }) => limitSlots(services, connectionId, megabytes, signal),
    status: ({ archiveId }, { signal }) => readStatus(services, requireStreamArchive(services, archiveId), signal),
    dropSlot: async ({ archiveId, forget }, { signal }) => ({
      dropped: await dropSlot(services, requireStreamArchive(services, archiveId), jobOf(services, archiveId), forget, signal),
    }),
    unit: ({ archiveId }, { signal }) => makeUnit(services, archiveId, signal),
    saveUnit: async ({ archiveId, path }, { signal }) => saveText(path, (await makeUnit(services, archiveId, signal)).text),
  }
}

/** For "run again": the same as resuming it. */
export function restartWalStream(services: StreamServices): (input: unknown) => Promise<{ jobId: string }> {
  return async (input) => startStream(services, requireStreamArchive(services, archiveRef.parse(input).archiveId))
}

/** At a start: every archive that should be streamed into is taken up again. Each that can't is reported, never fatal. */
export function resumeStreams(services: StreamServices, report: (text: string) => void): void {
  for (const archive of services.archives.list()) {
    if (archive.kind !== 'stream' || archive.stream?.wanted !== true) continue
    try {
      startStream(services, requireStreamArchive(services, archive.id))
    } catch (error) {
      report(`The streaming archive of ${archive.label} was not taken up again: ${messageOf(error)}`)
    }
  }
}

function jobOf(services: Pick<StreamServices, 'jobs'>, archiveId: string): JobSnapshot | null {
  return (
    services.jobs
      .running()
      .find((job) => job.capability === 'wal-stream' && archiveRef.safeParse(job.input).data?.archiveId === archiveId) ?? null
  )
}

async function prepare(services: StreamServices, connectionId: string, signal: AbortSignal) {
  const connection = await services.connections.resolve(connectionId)
  const source = await readStreamSource(services, connection, signal)
  const { tool, problem } = await chooseReceiver(services, source.version)
  const suggested = suggestStream(services, connection.label, source)
  const free = await freeBytes(suggested.folder)
  return {
    serverVersion: source.version,
    tool,
    toolProblem: problem && { message: problem.message, hint: problem.hint ?? '' },
    systemIdentifier: source.system,
    suggestedFolder: suggested.folder,
    suggestedSlot: suggested.slot,
    slots: source.slots,
    keepSize: source.keep,
    segmentSize: source.segment,
    freeBytes: free === null ? null : String(free),
  }
}

async function setUp(services: StreamServices, request: StreamArchiveRequest, signal: AbortSignal): Promise<{ jobId: string }> {
  const plan = await planStream(services, request, signal)
  const blockers = plan.preflight.filter(({ result }) => result === 'blocker')
  if (blockers.length > 0)
    throw new AppError('preflight', blockers.map(({ found }) => found).join(' '), {
      hint: 'Put right what the checks name, then start again.',
    })
  try {
    await makeStreamFolder(request.folder)
  } catch (error) {
    throw fromSystemError(error, `make the folder ${request.folder}`) ?? error
  }
  const made = plan.known === null
  if (made) await withServer(services, plan.connection, (client) => client.query(createSlotSql(request.slot)), signal)
  try {
    const fresh = { ...request, version: plan.source.version }
    if (made) await withServer(services, plan.connection, (client) => beginAtSlot(client, fresh), signal)
    return startStream(services, requireStreamArchive(services, remember(services, plan)))
  } catch (error) {
    // A slot that nobody reads would fill the server's disk.
    if (made)
      await withServer(services, plan.connection, (client) => client.query('SELECT pg_drop_replication_slot($1)', [request.slot]))
    throw error
  }
}

/** Before the job, so that a crash at any moment leaves an archive that knows its slot. */
function remember(services: StreamServices, { request, connection, source, known }: StreamPlan): string {
  const before = known ?? services.archives.list().find((archive) => archive.folder === request.folder)
  const { compress, synchronous, slot } = request
  return services.archives.put({
    id: before?.id ?? randomUUID(),
    kind: 'stream',
    label: before?.label ?? connection.label,
    connectionId: connection.id,
    folder: request.folder,
    systemIdentifier: source.system,
    createdAt: before?.createdAt ?? new Date().toISOString(),
    stream: { slot, compress, synchronous, wanted: true },
  }).id
}

function startStream(services: StreamServices, archive: StreamArchive): { jobId: string } {
  const connection = services.connections.get(archive.connectionId)
  const { slot } = archive.stream
  const { id } = services.jobs.start({
    capability: 'wal-stream',
    title: `WAL streaming of ${archive.label}`,
    input: { archiveId: archive.id },
    connectionId: archive.connectionId,
    serverLabel: connection.label,
    steps: [
      { id: 'check', label: 'Cluster and slot' },
      { id: 'stream', label: 'Receive WAL' },
    ],
    onCancel: `The slot ${slot} keeps the WAL meanwhile; nothing is lost as long as the server has room for it.`,
    endless: true,
    locks: [`slot:${archive.systemIdentifier ?? archive.connectionId}/${slot}`, `path:${archive.folder}`],
    run: (job) => runStream(archive.id, job, services),
  })
  if (!archive.stream.wanted) services.archives.put({ ...archive, stream: { ...archive.stream, wanted: true } })
  return { jobId: id }
}

async function readStatus(services: StreamServices, archive: StreamArchive, signal: AbortSignal): Promise<StreamStatus> {
  const job = jobOf(services, archive.id)
  const standing = job?.standing
  const known = {
    archiveId: archive.id,
    jobId: job?.id ?? null,
    problem: standing?.state === 'trying' ? standing.words : '',
    since: standing?.since ?? null,
    begins: await beginOf(archive.folder).catch(() => null), // a folder that can't be read is told by who writes into it
  }
  const state = job === null ? 'stopped' : standing?.state === 'going' ? 'streaming' : 'connecting'
  try {
    const connection = await services.connections.resolve(archive.connectionId)
    const reading = await withServer(services, connection, (client) => readSlot(client, archive.stream.slot), signal)
    return { ...known, state, server: statusOf(reading), serverProblem: '' }
  } catch (error) {
    if (signal.aborted) throw error
    return { ...known, state: state === 'streaming' ? 'connecting' : state, server: null, serverProblem: messageOf(error) }
  }
}

async function makeUnit(services: StreamServices, archiveId: string, signal: AbortSignal) {
  const archive = requireStreamArchive(services, archiveId)
  const connection = await services.connections.resolve(archive.connectionId)
  const { version } = await readStreamSource(services, connection, signal)
  const tool = await services.tools.forServer('pg_receivewal', version)
  const { argv } = receiveCommand(connection, { ...archive.stream, folder: archive.folder }, tool.version, version, true)
  return systemdUnit(archive, connection, tool.path, argv)
}

async function saveText(path: string, text: string): Promise<{ path: string }> {
  if (!isAbsolute(path))
    throw new AppError('bad_input', 'The path of the file must be absolute.', {
      hint: 'Such as /etc/systemd/system/walkback-wal.service.',
    })
  try {
    const handle = await open(path, 'wx', 0o644)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw fromSystemError(error, `write ${path}`) ?? error
  }
  return { path }
}
