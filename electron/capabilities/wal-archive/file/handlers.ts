// Answers the calls of the walArchiveFile contract: what is set, what would change, and the jobs that change and try it.
import { z } from 'zod'
import {
  archiveRef,
  type FileArchiveOff,
  type FileArchiveRequest,
  fileArchiveOff,
  fileArchiveRequest,
  type walArchiveFile,
} from '../../../../shared/contracts/walArchiveFile'
import { folderOfArchiveCommand } from '../../../../shared/model/archiveCommand'
import { AppError } from '../../../../shared/rpc/appError'
import type { Handlers } from '../../../../shared/rpc/contract'
import { freeBytes } from '../../../library/freeSpace'
import { blockedSentence } from '../../../library/preflightRow'
import { findLocalServer, findRestartWay, type RestartWay } from '../../../postgres/localServer'
import { ownAccount } from '../../../process/runAs'
import { type FilePlan, type FileServices, foreignArchiving, planFileArchive, readSource, suggestFolder } from './planFile'
import { factsOf, nothingElse, refuseBlocked, runCheck, runFileArchive } from './runFile'
import { planOff, requireFileArchive, runOff } from './turnOff'

/** What a job keeps of its request: which of the three it was. */
const storedInput = z.discriminatedUnion('kind', [
  fileArchiveRequest.extend({ kind: z.literal('set up') }),
  archiveRef.extend({ kind: z.literal('check') }),
  fileArchiveOff.extend({ kind: z.literal('turn off') }),
])

export function walArchiveFileHandlers(services: FileServices): Handlers<typeof walArchiveFile, AbortSignal> {
  return {
    prepare: ({ connectionId }, { signal }) => prepare(services, connectionId, signal),
    preview: async (request, { signal }) =>
      describe(await planFileArchive(services, request, signal), [
        { label: 'Folder on the server', value: request.folder },
        { label: "Server's settings", value: 'postgresql.auto.conf, by ALTER SYSTEM' },
      ]),
    start: (request, { signal }) => startSetUp(services, request, signal),
    check: async ({ archiveId }) => startCheck(services, archiveId),
    previewOff: async (request, { signal }) => {
      const plan = await planOff(services, request, signal)
      return {
        ...describe(plan, [{ label: "Server's settings", value: 'postgresql.auto.conf, by ALTER SYSTEM' }]),
        former: plan.archive.file?.former ?? [],
      }
    },
    off: (request, { signal }) => startOff(services, request, signal),
  }
}

/** For "run again". Turning off and a typed restart want to be asked for anew. */
export function restartWalFile(services: FileServices): (input: unknown) => Promise<{ jobId: string }> {
  return async (input) => {
    const stored = storedInput.safeParse(input)
    const { signal } = new AbortController()
    if (stored.success && stored.data.kind === 'check') return startCheck(services, stored.data.archiveId)
    if (stored.success && stored.data.kind === 'set up') return startSetUp(services, stored.data, signal)
    throw new AppError('bad_input', "This can't be run again from here.", { hint: 'Start it on the WAL archive page.' })
  }
}

const restartOf = (way: RestartWay) =>
  way.kind === 'here' ? { here: true, command: '', why: '' } : { here: false, command: way.command, why: way.why }

async function prepare(services: FileServices, connectionId: string, signal: AbortSignal) {
  const connection = await services.connections.resolve(connectionId)
  const source = await readSource(services, connection, signal)
  const local = await findLocalServer(source)
  const present = folderOfArchiveCommand(source.settings.archive_command?.value ?? '')
  const suggestedFolder = present ?? (local ? suggestFolder(services, connection.label) : '')
  const free = local ? await freeBytes(suggestedFolder) : null
  const timeout = Number(source.settings.archive_timeout?.value ?? 0)
  return {
    serverVersion: source.version,
    local: local !== null,
    account: local ? (local.account?.name ?? ownAccount().name) : '',
    suggestedFolder,
    archiveTimeout: timeout === 0 ? 300 : timeout,
    segmentSize: source.segmentSize,
    presentFolder: source.settings.archive_mode?.value === 'off' ? null : present,
    foreign: foreignArchiving(source),
    restart: restartOf(await findRestartWay(services.spawn, source)),
    needsConfirm: services.connections.get(connectionId).practice === null,
    freeBytes: free === null ? null : String(free),
  }
}

function describe(
  plan: Pick<FilePlan, 'shown' | 'preflight' | 'changes' | 'takes' | 'restart'>,
  writes: { label: string; value: string }[],
) {
  return {
    commands: plan.shown,
    preflight: plan.preflight,
    writes,
    blocked: blockedSentence(plan.preflight),
    checkedAt: new Date().toISOString(),
    changes: plan.changes,
    takes: plan.takes,
    restart: restartOf(plan.restart),
  }
}

/** Two jobs must not change one server's archiving, nor one stop a server that another works on. */
const locksOf = (plan: Pick<FilePlan, 'source' | 'connection'>) => [
  `archiving:${plan.source.systemIdentifier ?? plan.connection.label}`,
  ...(plan.source.dataDirectory === null ? [] : [`data:${plan.source.dataDirectory}`]),
]

async function startSetUp(services: FileServices, request: FileArchiveRequest, signal: AbortSignal): Promise<{ jobId: string }> {
  services.connections.requireWritable(request.connectionId, 'Changing its settings')
  const plan = await planFileArchive(services, request, signal)
  refuseBlocked(plan.preflight)
  const restarts = plan.takes === 'restart' && request.restart === 'now'
  const { id } = services.jobs.start({
    capability: 'wal-file',
    title: `Set up the file archive of ${plan.connection.label}`,
    input: { kind: 'set up', ...request },
    connectionId: request.connectionId,
    serverLabel: plan.connection.label,
    steps: [
      { id: 'checks', label: 'Checks' },
      { id: 'folder', label: 'Folder' },
      { id: 'settings', label: 'Settings' },
      ...(restarts ? [{ id: 'restart', label: 'Restart the server' }] : []),
      { id: 'check', label: 'Active check' },
    ],
    onCancel: 'Settings that are made by then stay; a restart that has begun is finished.',
    locks: [...locksOf(plan), `path:${plan.request.folder}`],
    run: (job) => runFileArchive(request, job, services),
  })
  return { jobId: id }
}

function startCheck(services: FileServices, archiveId: string): { jobId: string } {
  const archive = requireFileArchive(services, archiveId)
  const { id } = services.jobs.start({
    capability: 'wal-file',
    title: `Check the file archive of ${archive.label}`,
    input: { kind: 'check', archiveId },
    connectionId: archive.connectionId,
    serverLabel: services.connections.get(archive.connectionId).label,
    steps: [{ id: 'check', label: 'Restore point, switch, wait for the segment' }],
    onCancel: 'nothing is undone: the restore point and the switched segment stay, and do no harm',
    locks: [`check:${archive.folder}`],
    run: async (job) => {
      job.step('check')
      const seen = await runCheck(job, services, archive)
      return {
        headline: `Segment ${seen.segment} arrived in the archive after ${(seen.milliseconds / 1000).toFixed(1)} s.`,
        facts: factsOf(seen),
        ...nothingElse,
      }
    },
  })
  return { jobId: id }
}

async function startOff(services: FileServices, request: FileArchiveOff, signal: AbortSignal): Promise<{ jobId: string }> {
  const archive = requireFileArchive(services, request.archiveId)
  services.connections.requireWritable(archive.connectionId, 'Changing its settings')
  const plan = await planOff(services, request, signal)
  refuseBlocked(plan.preflight)
  const restarts = plan.takes === 'restart' && request.restart === 'now'
  const { id } = services.jobs.start({
    capability: 'wal-file',
    title: `Turn off the file archive of ${plan.connection.label}`,
    input: { kind: 'turn off', ...request },
    connectionId: archive.connectionId,
    serverLabel: plan.connection.label,
    steps: [
      { id: 'checks', label: 'Checks' },
      { id: 'settings', label: 'Settings' },
      ...(restarts ? [{ id: 'restart', label: 'Restart the server' }] : []),
    ],
    onCancel: 'Settings that are made by then stay; a restart that has begun is finished.',
    locks: locksOf(plan),
    run: (job) => runOff(request, job, services),
  })
  return { jobId: id }
}
