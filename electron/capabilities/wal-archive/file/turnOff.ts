// Turns a file archive off: the command reset or as it was before, archive_mode off when wanted; the files stay.
import type { FileArchiveOff } from '../../../../shared/contracts/walArchiveFile'
import type { JobResult } from '../../../../shared/jobs/job'
import type { WalArchive } from '../../../../shared/model/walArchive'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { row, sortRows } from '../../../library/preflightRow'
import { findLocalServer, findRestartWay } from '../../../postgres/localServer'
import {
  changesOf,
  type FilePlan,
  type FileServices,
  readSource,
  showStatements,
  statementsFor,
  takesOf,
  type Wanted,
} from './planFile'
import { restartRows, rightsRows } from './preflightFile'
import { applyPlan, nothingElse, refuseBlocked } from './runFile'

export type OffPlan = Omit<FilePlan, 'request'> & { request: FileArchiveOff; archive: WalArchive }

export function requireFileArchive(services: FileServices, archiveId: string): WalArchive & { connectionId: string } {
  const archive = services.archives.get(archiveId)
  const { connectionId } = archive
  if (archive.kind !== 'file' || connectionId === null) {
    throw new AppError('bad_input', `${archive.folder} is not filled by a server's archive_command that Walkback knows.`, {
      hint: 'Only a file archive can be checked or turned off here.',
    })
  }
  return { ...archive, connectionId }
}

export async function planOff(services: FileServices, request: FileArchiveOff, signal: AbortSignal): Promise<OffPlan> {
  const archive = requireFileArchive(services, request.archiveId)
  const connection = await services.connections.resolve(archive.connectionId)
  const source = await readSource(services, connection, signal)
  const wanted = wantedOff(request, archive)
  const changes = changesOf(source, wanted)
  const takes = takesOf(changes)
  const statements = statementsFor(changes, wanted)
  const draft = {
    request,
    archive,
    connection,
    practice: services.connections.get(archive.connectionId).practice !== null,
    source,
    local: await findLocalServer(source),
    restart: await findRestartWay(services.spawn, source),
    wanted,
    changes,
    takes,
    statements,
    shown: showStatements(statements, takes),
  }
  return { ...draft, preflight: sortRows([...rightsRows(draft), ...keepRows(draft), ...restartRows(draft)]) }
}

function wantedOff(request: FileArchiveOff, archive: WalArchive): Wanted {
  const former = (name: string) => archive.file?.former.find((each) => each.name === name)?.value ?? null
  const back = request.command === 'former'
  return {
    ...(request.archiveModeOff ? { archive_mode: 'off' } : {}),
    archive_library: back ? former('archive_library') : null,
    archive_command: back ? former('archive_command') : null,
    archive_timeout: back ? former('archive_timeout') : null,
  }
}

/** With archive_mode on and no command the server keeps every segment (25.3.1 of the manual): said before it is done. */
function keepRows({ request, archive }: Pick<OffPlan, 'request' | 'archive'>) {
  const former = archive.file?.former.some(
    ({ name, value }) => (name === 'archive_command' || name === 'archive_library') && value !== null && value !== '',
  )
  if (request.command === 'former' && former === true) return []
  if (!request.archiveModeOff)
    return [
      row(
        'keeps',
        'warning' as const,
        'archive_mode stays on',
        'Without a command the server keeps every segment in pg_wal until its disk is full. Turn archive_mode off too, or give it a command of your own soon.',
      ),
    ]
  return request.restart === 'later'
    ? [
        row(
          'keeps',
          'warning' as const,
          'Until the restart',
          'archive_mode is in force until the server is restarted: till then it keeps every segment in pg_wal.',
        ),
      ]
    : []
}

export async function runOff(request: FileArchiveOff, job: JobContext, services: FileServices): Promise<JobResult> {
  job.step('checks')
  const plan = await planOff(services, request, job.signal)
  refuseBlocked(plan.preflight)
  for (const command of plan.shown) job.command(command)
  job.endStep('checks', 'done', `${plan.preflight.length} checks`)
  const { inForce } = await applyPlan(job, plan, services)
  const { file: _left, ...rest } = plan.archive
  if (request.forget) services.archives.remove(plan.archive.id)
  else services.archives.put({ ...rest, kind: 'folder' })
  const waits = inForce
    ? ''
    : ` archive_mode is off once the server is restarted: ${plan.restart.kind === 'by-hand' ? plan.restart.command : 'restart it soon'}.`
  return {
    headline: `${plan.connection.label} no longer archives into ${plan.archive.folder}; its files stay.${waits}`,
    facts: [
      { label: 'Folder', value: plan.archive.folder, mono: true },
      { label: 'In the list', value: request.forget ? 'no' : 'yes, as a folder that is only read', mono: false },
      ...plan.changes
        .filter(({ takes }) => takes !== 'nothing')
        .map(({ name, next }) => ({ label: name, value: next === '' ? 'empty' : next, mono: true })),
    ],
    ...nothingElse,
  }
}
