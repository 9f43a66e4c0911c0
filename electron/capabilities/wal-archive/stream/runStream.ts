// Receives WAL until it is stopped: checks the cluster and the slot before each start, watches, and starts again what ended.
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { z } from 'zod'
import type { JobResult } from '../../../../shared/jobs/job'
import type { WalArchive } from '../../../../shared/model/walArchive'
import { AppError } from '../../../../shared/rpc/appError'
import { shownWords } from '../../../../shared/tools/showCommand'
import { Closing, type JobContext } from '../../../jobs/jobTypes'
import { connect } from '../../../postgres/connect'
import { withServer } from '../../../postgres/openServer'
import { messageOf } from '../../../process/systemError'
import type { ResolvedConnection } from '../../../services'
import { explainReceive, otherCluster } from './explainReceive'
import { makeStreamFolder, receiveCommand, type StreamServices } from './planStream'
import { clearShortPartial } from './shortPartial'
import { watchStream } from './watchStream'

export type StreamArchive = WalArchive & { connectionId: string; stream: NonNullable<WalArchive['stream']> }

/** Between two tries, in milliseconds: doubled up to the longest, and back to the first once it has received something. */
const firstPauseMs = 1_000
const longestPauseMs = 30_000

const identity = z.object({ systemid: z.string(), timeline: z.coerce.number(), xlogpos: z.string() })

/** Resolves when it is stopped; throws AppError when the chain can't go on in this folder. */
export async function runStream(archiveId: string, job: JobContext, services: StreamServices): Promise<JobResult> {
  const state = { since: null as string | null, position: '', starts: 0 }
  for (let pause = firstPauseMs; !job.signal.aborted; ) {
    const archive = requireStreamArchive(services, archiveId)
    let problem: Problem
    try {
      const moved = await receiveOnce(archive, job, services, state)
      if (job.signal.aborted) break
      if (moved.streamed) pause = firstPauseMs
      problem = explain(moved.stderr, archive)
    } catch (error) {
      if (job.signal.aborted) break
      problem = problemOf(error)
    }
    if (problem.final) throw new AppError('conflict', problem.message, { hint: problem.hint })
    state.since = null
    const wait = problem.slow ? longestPauseMs / 3 : pause
    job.log(`${problem.message} ${problem.hint} Trying again in ${wait / 1000} s.`.replaceAll('  ', ' '), 'warning')
    job.standing({ state: 'trying', position: state.position, words: problem.message, since: null })
    await sleep(wait, job.signal)
    pause = Math.min(pause * 2, longestPauseMs)
  }
  return stopped(services, archiveId, job, state)
}

interface Problem {
  final: boolean
  slow: boolean
  message: string
  hint: string
}

function explain(stderr: readonly string[], archive: StreamArchive): Problem {
  const last = stderr.findLast((line) => !/disconnected/.test(line)) ?? stderr.at(-1) ?? ''
  const words = last.replace(/^pg_receivewal: (?:error: )?/, '')
  return (
    explainReceive(stderr, archive.stream.slot) ?? {
      final: false,
      slow: false,
      message:
        words === '' ? 'pg_receivewal has ended without a word.' : `pg_receivewal has ended: ${words}.`.replace(/\.\.$/, '.'),
      hint: '',
    }
  )
}

/** A server that is down or refuses is asked again; what is wrong with the archive itself is not. */
function problemOf(error: unknown): Problem {
  if (!(error instanceof AppError)) return { final: false, slow: false, message: messageOf(error), hint: '' }
  const final =
    error.code === 'conflict' || error.code === 'tool_missing' || error.code === 'version_mismatch' || error.code === 'bad_input'
  const slow = /password/i.test(error.message)
  return { final, slow, message: error.message, hint: error.hint ?? '' }
}

/** One life of pg_receivewal. Throws before it when the server is not the one or can't be reached. */
async function receiveOnce(
  archive: StreamArchive,
  job: JobContext,
  services: StreamServices,
  state: { since: string | null; position: string; starts: number },
): Promise<{ streamed: boolean; stderr: readonly string[] }> {
  job.step('check')
  const connection = await services.connections.resolve(archive.connectionId)
  const { version, segmentSize } = await checkServer(services, archive, connection, job.signal)
  await makeStreamFolder(archive.folder)
  for (const text of await clearShortPartial(archive.folder, segmentSize)) job.log(text, 'warning')
  const tool = await services.tools.forServer('pg_receivewal', version)
  const { stream, folder } = archive
  const command = receiveCommand(connection, { ...stream, folder }, tool.version, version)
  const [problem] = command.problems
  if (problem)
    throw new AppError('bad_input', problem.message, { hint: 'Set up a new archive with other options, in a new folder.' })
  if (state.starts === 0)
    job.command({
      title: 'Receive WAL',
      program: command.program,
      version: tool.version,
      words: shownWords(command.argv),
      kind: 'program',
    })
  state.starts += 1
  if (connection.password) job.hide(connection.password)
  const tools = await services.connections.toolEnvironment(connection)
  const watching = new AbortController()
  let streamed = false
  const watch = watchStream({
    services,
    connection,
    slot: stream.slot,
    signal: watching.signal,
    onReading: ({ position, words, going }) => {
      state.position = position || state.position
      if (going) state.since ??= new Date().toISOString()
      streamed ||= going
      job.standing({ state: going ? 'going' : 'trying', position: state.position, words, since: state.since })
    },
  })
  job.step('stream')
  let finished = 0
  try {
    const exit = await job.run({
      file: tool.path,
      argv: command.argv,
      env: tools.env,
      // Each segment has a line: an endless log would hold little else.
      logStderr: false,
      onStderr: (line) => {
        const segment = /finished segment at (\S+)/.exec(line)?.[1]
        if (segment !== undefined) {
          streamed = true
          finished += 1
          state.position = segment
          if (finished > 1) return
        }
        job.log(line, /error|fatal/i.test(line) ? 'warning' : 'info')
      },
    })
    return { streamed, stderr: exit.stderrTail }
  } finally {
    watching.abort()
    await watch
    await tools.remove()
  }
}

/** The server's version and segment size; throws AppError conflict for another cluster or a slot that is gone or lost. */
async function checkServer(
  services: StreamServices,
  archive: StreamArchive,
  connection: ResolvedConnection,
  signal: AbortSignal,
): Promise<ServerFacts> {
  const walsender = await connect(connection, { replication: true, signal })
  let system: string
  try {
    system = identity.parse((await walsender.query('IDENTIFY_SYSTEM')).rows[0]).systemid
  } finally {
    await walsender.end()
  }
  if (archive.systemIdentifier !== null && system !== archive.systemIdentifier)
    throw otherCluster(system, archive.systemIdentifier, connection.label)
  return withServer(services, connection, (client) => checkSlot(client, archive), signal)
}

interface ServerFacts {
  version: number
  segmentSize: number
}

async function checkSlot(client: Client, { stream }: StreamArchive): Promise<ServerFacts> {
  const { rows } = await client.query<{ version: number; segment: number; status: string | null; there: boolean }>(
    `SELECT current_setting('server_version_num')::int AS version,
            (SELECT setting::int FROM pg_settings WHERE name = 'wal_segment_size') AS segment, r.wal_status AS status, r.slot_name IS NOT NULL AS there
       FROM (SELECT 1) one LEFT JOIN pg_replication_slots r ON slot_name = $1`,
    [stream.slot],
  )
  const [row] = rows
  const missing = row?.there === false ? `replication slot "${stream.slot}" does not exist` : ''
  const lost = row?.status === 'lost' ? 'cannot read from replication slot' : ''
  const problem = explainReceive([missing, lost].filter(Boolean), stream.slot)
  if (problem) throw new AppError('conflict', problem.message, { hint: problem.hint })
  return { version: row?.version ?? 0, segmentSize: row?.segment ?? 0 }
}

/** Throws AppError not_found or bad_input. */
export function requireStreamArchive(services: Pick<StreamServices, 'archives'>, archiveId: string): StreamArchive {
  const archive = services.archives.get(archiveId)
  const { connectionId, stream } = archive
  if (archive.kind === 'stream' && connectionId !== null && stream !== null) return { ...archive, connectionId, stream }
  throw new AppError('bad_input', `${archive.folder} is not an archive that Walkback streams into.`, {
    hint: 'Set up a streaming archive for the server.',
  })
}

function stopped(services: StreamServices, archiveId: string, job: JobContext, { position }: { position: string }): JobResult {
  const closing = job.signal.reason instanceof Closing
  const archive = services.archives.list().find(({ id }) => id === archiveId)
  // A person's stop is meant to last; Walkback's own end is not.
  if (!closing && archive?.stream) services.archives.put({ ...archive, stream: { ...archive.stream, wanted: false } })
  const at = position === '' ? '' : ` at ${position}`
  const slot = archive?.stream?.slot ?? ''
  return {
    headline: closing
      ? `Streaming stopped${at}, since Walkback was closed; it is taken up again at the next start. Until then the slot ${slot} keeps the WAL.`
      : `Streaming was stopped${at}. The slot ${slot} makes the server keep all WAL from there until it is streamed again or the slot is dropped.`,
    facts: [
      ...(archive ? [{ label: 'Folder', value: archive.folder, mono: true }] : []),
      { label: 'Slot', value: slot, mono: true },
      ...(position === '' ? [] : [{ label: 'Received up to', value: position, mono: true }]),
    ],
    backupPath: null,
    database: null,
  }
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
