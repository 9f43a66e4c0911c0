// The checks before a server is told to archive into a folder: rights, settings that can't be changed, the folder itself.
import { readdir, stat } from 'node:fs/promises'
import { archiveFolderProblem } from '../../../../shared/model/archiveCommand'
import { formatBytes } from '../../../../shared/model/byteCount'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import type { PreflightRow } from '../../../../shared/model/preflight'
import { parseWalFile } from '../../../../shared/model/walFile'
import { freeBytes, nearestExisting } from '../../../library/freeSpace'
import { row, setOption, sortRows } from '../../../library/preflightRow'
import { barrierFor, mayWriteIn } from '../../../process/accountAccess'
import { ownAccount } from '../../../process/runAs'
import { errorCode } from '../../../process/systemError'
import { identifySegments } from '../identifySegments'
import { type FilePlan, type FileServices, foreignArchiving } from './planFile'

type Draft = Omit<FilePlan, 'preflight'>

export async function checkFileArchive(services: FileServices, plan: Draft, signal: AbortSignal): Promise<PreflightRow[]> {
  const { request, source } = plan
  const problem = archiveFolderProblem(request.folder, source.major)
  return sortRows([
    ...settingRows(plan),
    ...commandRows(plan),
    row('path', problem === '' ? 'pass' : 'blocker', 'Path of the archive', problem === '' ? request.folder : problem),
    ...(problem === '' ? await folderRows(services, plan, signal) : []),
    ...restartRows(plan),
  ])
}

export function rightsRows({ source, connection }: Pick<Draft, 'source' | 'connection'>): PreflightRow[] {
  const rows: PreflightRow[] = []
  const able = source.may.alter && source.may.reload
  rows.push(
    able
      ? row(
          'role',
          'pass',
          'Role may change the settings',
          `${source.role}${source.superuser ? ' is superuser' : ' was granted it'}`,
        )
      : row(
          'role',
          'blocker',
          'Role may change the settings',
          `${source.role} may not use ALTER SYSTEM. Connect as a superuser.`,
        ),
  )
  if (!source.alterAllowed)
    rows.push(
      row(
        'alter-system',
        'blocker',
        'ALTER SYSTEM',
        'This server has allow_alter_system off: its settings are managed elsewhere.',
      ),
    )
  if (connection.readOnly)
    rows.push(row('read-only', 'blocker', 'Connection', `${connection.label} is marked read-only in Walkback.`))
  return rows
}

function settingRows(plan: Draft): PreflightRow[] {
  const { source, changes } = plan
  const rows = rightsRows(plan)
  if (source.inRecovery)
    rows.push(
      row('recovery', 'blocker', 'Server', 'It is in recovery, and a standby archives nothing of its own. Choose the primary.'),
    )
  for (const { name, takes } of changes) {
    const setting = Object.values(source.settings).find((each) => each.name === name)
    if (takes !== 'nothing' && setting?.fixed)
      rows.push(
        row(
          `fixed-${name}`,
          'blocker',
          name,
          `It is set on the server's command line, which wins over ALTER SYSTEM. Start the server without it.`,
        ),
      )
  }
  // The bytes of the path go through the session's database: only these two encodings leave them as they are.
  if ([...plan.request.folder].some((letter) => letter > '\u007f') && !['UTF8', 'SQL_ASCII'].includes(source.encoding))
    rows.push(
      row(
        'encoding',
        'blocker',
        'Path of the archive',
        `The database of this connection is encoded in ${source.encoding}, which would change the path's other letters. Choose a path of ASCII letters, or a connection to a database in UTF8.`,
      ),
    )
  return rows
}

function commandRows({ source, request }: Draft): PreflightRow[] {
  const foreign = foreignArchiving(source)
  if (!foreign) return []
  const what = `${foreign.setting} is set to something else: ${foreign.value}`
  return [
    request.replace
      ? row(
          'foreign',
          'warning',
          'Present archiving',
          `${what}. It is replaced, kept in the job's record, and offered back when the archive is turned off.`,
        )
      : row('foreign', 'blocker', 'Present archiving', `${what}. Whoever relies on it gets no more WAL once it is replaced.`, [
          setOption('Replace it', 'replace', true),
        ]),
  ]
}

async function folderRows(services: FileServices, plan: Draft, signal: AbortSignal): Promise<PreflightRow[]> {
  const { request, local, source } = plan
  const taken = services.archives
    .list()
    .find((archive) => archive.folder === (request.folderHere || request.folder) && archive.connectionId !== request.connectionId)
  const streams = services.archives.list().find((archive) => archive.folder === request.folder && archive.kind === 'stream')
  const rows: PreflightRow[] = []
  const other = streams ?? taken
  if (other)
    rows.push(
      row(
        'taken',
        'blocker',
        'Folder',
        `${other.folder} is the ${other.kind === 'stream' ? 'streaming ' : ''}archive of ${other.label} already. Choose another folder.`,
      ),
    )
  if (!local) {
    rows.push(
      row(
        'remote',
        'warning',
        'Folder on the server',
        `${request.folder} can't be looked at from here. The server's account must be able to write to it, on a file system with hard links; the check after the set-up proves it.`,
      ),
    )
    return rows
  }
  rows.push(...(await accessRows(plan, local)), ...(await holdsRows(services, request.folder, source.systemIdentifier, signal)))
  const free = await freeBytes(request.folder)
  if (free !== null) {
    const few = free < BigInt(source.segmentSize) * 64n
    rows.push(
      row(
        'space',
        few ? 'warning' : 'pass',
        'Free space',
        `${formatBytes(String(free))} free, each segment takes ${formatBytes(String(source.segmentSize))}${few ? '. A full archive makes the server keep its WAL' : ''}`,
      ),
    )
  }
  return rows
}

async function accessRows({ request }: Draft, { account }: NonNullable<Draft['local']>): Promise<PreflightRow[]> {
  const { folder } = request
  const name = account?.name ?? ownAccount().name
  const check = 'The server may write there'
  const existing = nearestExisting(folder)
  if (!(await stat(existing)).isDirectory()) return [row('access', 'blocker', check, `${existing} is a file, not a folder.`)]
  const barrier = account ? await barrierOrNull(account, folder) : null
  if (barrier !== null)
    return [
      row(
        'access',
        'blocker',
        check,
        `The account ${name} can't enter ${barrier}. Choose another folder, or run: chmod o+x ${barrier}`,
      ),
    ]
  return [
    existing === folder
      ? row('access', 'pass', check, `${folder} is there; the account ${name} tries to write to it when the job begins`)
      : newFolderRow(folder, name, account !== null),
  ]
}

async function barrierOrNull(account: Parameters<typeof barrierFor>[0], folder: string): Promise<string | null> {
  try {
    return await barrierFor(account, folder)
  } catch (error) {
    if (errorCode(error) === 'EACCES') return null // closed to us: the server's account may be let in
    throw error
  }
}

function newFolderRow(folder: string, name: string, otherAccount: boolean): PreflightRow {
  const check = 'The server may write there'
  if (!otherAccount || process.getuid?.() === 0)
    return row('access', 'pass', check, `${folder} is made for the account ${name}, closed to others`)
  return row(
    'access',
    'blocker',
    check,
    `The server runs as ${name}, and Walkback, as ${ownAccount().name}, can't make a folder for it. Run: sudo install -d -o ${name} -m 0750 '${folder.replaceAll("'", `'\\''`)}'`,
  )
}

/** A folder that holds WAL of another cluster must not get this one's. */
async function holdsRows(
  services: FileServices,
  folder: string,
  systemIdentifier: string | null,
  signal: AbortSignal,
): Promise<PreflightRow[]> {
  const check = 'What the folder holds'
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    return errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR'
      ? []
      : [row('holds', 'warning', check, `${folder} can't be read by Walkback, so its WAL can't be shown or restored from here.`)]
  }
  const segments = names.filter((name) => parseWalFile(name)?.kind === 'segment').toSorted()
  const found = await identifySegments(folder, segments, services.spawn, signal)
  if (found !== null && systemIdentifier !== null && found !== systemIdentifier)
    return [
      row(
        'holds',
        'blocker',
        check,
        `It holds WAL of another cluster (system identifier ${found}, this server has ${systemIdentifier}). Choose another folder.`,
      ),
    ]
  if (segments.length > 0)
    return [
      row(
        'holds',
        'pass',
        check,
        `${segments.length} segments${found === null ? '' : ' of this server'}; identical ones are accepted, none is replaced`,
      ),
    ]
  const others = names.filter((name) => !name.startsWith('.')).length
  return [
    others === 0
      ? row('holds', 'pass', check, 'Nothing yet')
      : row('holds', 'warning', check, `${others} other files. A folder of its own is easier to look after.`),
  ]
}

export function restartRows({
  takes,
  request,
  restart,
  practice,
  connection,
  source,
}: Pick<Draft, 'takes' | 'restart' | 'practice' | 'connection' | 'source'> & {
  request: { restart: 'later' | 'now'; confirm: string }
}): PreflightRow[] {
  if (takes !== 'restart') return []
  const check = 'Restart'
  const sessions =
    source.sessions === 0
      ? 'nobody else is connected'
      : `${source.sessions} other ${source.sessions === 1 ? 'session is' : 'sessions are'} sent away`
  if (request.restart === 'later') {
    const how = restart.kind === 'here' ? 'Walkback can do it: choose to restart it now' : `run: ${restart.command}`
    return [
      row(
        'restart',
        'warning',
        check,
        `The change takes effect when PostgreSQL ${formatPgVersion(source.version)} is restarted; until then it is not in force. ${how}`,
      ),
    ]
  }
  if (restart.kind === 'by-hand')
    return [row('restart', 'blocker', check, `${restart.why} Restart it yourself: ${restart.command}`)]
  if (!practice && request.confirm !== connection.label)
    return [row('restart', 'blocker', check, `To restart this server, type its name: ${connection.label}`)]
  return [row('restart', source.sessions === 0 ? 'pass' : 'warning', check, `The server is restarted; ${sessions}`)]
}

/** For the job: tries as the server's account. Throws nothing; '' when it may write. */
export async function writeProblemAs(plan: Draft, services: FileServices): Promise<string> {
  if (!plan.local) return ''
  const { account } = plan.local
  const may = await mayWriteIn(account, plan.request.folder, services.spawn)
  return may === false
    ? `The server's account ${account?.name ?? ownAccount().name} may not write to ${plan.request.folder}.`
    : ''
}
