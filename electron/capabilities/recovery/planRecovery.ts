// Everything that is known before a recovery runs, standalone or to a moment: backup, destination, account, programs, files, checks.
// Long because the facts belong to one look at the machine, each a line or two.
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { LocalClusterInfo } from '../../../shared/contracts/localClusters'
import type { RecoveryDanger, StandaloneRequest } from '../../../shared/contracts/recovery'
import type { PointRequest } from '../../../shared/contracts/recoveryPoint'
import { majorOf } from '../../../shared/model/pgVersion'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { freeBytes, writeProblem } from '../../library/freeSpace'
import { blockedSentence } from '../../library/preflightRow'
import { inspectCluster } from '../../postgres/findLocalClusters'
import { isPortFree } from '../../postgres/freePort'
import { readControlData } from '../../postgres/localClusterState'
import { checkWalPresence } from '../../postgres/walPresence'
import { barrierFor } from '../../process/accountAccess'
import type { OsAccount } from '../../process/processTypes'
import { findAccount, ownAccount, ownerOf } from '../../process/runAs'
import { errorCode, fromSystemError } from '../../process/systemError'
import { type Held, isMountPoint, keptName, type Place, placeAt, tablespacesFolder, whatIsAt } from './destination'
import { differingSettings, portItSays, startedByHand, walLink } from './folderCluster'
import { type BackupListing, listBackup } from './listBackup'
import type { RecoveryServices } from './parts'
import { type ChainPlan, planChain } from './planChain'
import { archiveAccess, type PointRun, planPointRun, pointRows, pointSettings } from './point/pointRun'
import { checkRecovery } from './preflightRecovery'
import { type PhysicalBackup, readBackup } from './readBackup'
import { outsideKey, type PlacedFile, placeSettings, plainSettings, type SettingsFacts } from './settingsText'
import { laterCommands } from './startRecovered'

export interface Programs {
  bin: string
  version: number
}

/** `point`: with the WAL of an archive, to a moment; `source` is the folder of its plan's backup. */
export type RecoveryRequest = StandaloneRequest & {
  point?: PointRequest
  /** A scratch cluster that is thrown away again: closed to all but its own account, which logs in as this role. */
  drill?: { user: string }
}

export interface RecoveryPlan {
  request: RecoveryRequest
  /** null for a standalone recovery. */
  point: PointRun | null
  /** What a hot standby of this backup needs at the least; null where only the unpacked control file will tell. */
  limits: Readonly<Record<string, number>> | null
  backup: PhysicalBackup
  /** The stopped cluster whose place it takes; null for a new one. */
  target: LocalClusterInfo | null
  /** Runs the server and owns its files; null when it is ourselves. */
  account: OsAccount | null
  accountName: string
  programs: Programs | null
  data: Place
  spaces: Place[]
  /** Where it listens; null where only the start will tell. */
  port: number | null
  /** The new name of the data directory that is there; null for a new cluster. */
  kept: string | null
  /** Of an incremental backup: how its chain becomes a data directory. null for a full one. */
  chain: ChainPlan | null
  /** null for tars, whose contents are seen when they are read, and for a chain, whose backups have one each. */
  listing: BackupListing | null
  settings: SettingsFacts
  /** Settings files that are put into the data directory. */
  placed: readonly PlacedFile[]
  logFile: string
  danger: RecoveryDanger | null
  preflight: PreflightRow[]
  /** Blockers in one sentence, '' when it may start. */
  blocked: string
}

/** sun_path of Linux and others holds 107 bytes; the server appends `/.s.PGSQL.<port>`. */
const longestSocketFolder = 107 - '/.s.PGSQL.65535'.length

/** Looks at the backup and the machine anew each time. Throws AppError for what is no backup that can be deployed. */
export async function planRecovery(
  services: RecoveryServices,
  request: RecoveryRequest,
  at: Date,
  signal: AbortSignal,
): Promise<RecoveryPlan> {
  const point = request.point ? await planPointRun(services, request.point, signal) : null
  const backup = await readBackup(services, request.source.path, signal, point !== null)
  const { destination } = request
  const target = destination.kind === 'cluster' ? await inspectCluster(services, destination.dataDirectory, signal) : null
  const folder = target?.dataDirectory ?? requireFolder(destination)
  const { account, problem: accountProblem } = await findRunner(target)
  const programs = await findPrograms(services, backup.major)
  if (point) point.access = await archiveAccess(point, account, services.spawn)
  const data = placeAt('data', folder)
  const below = backup.tablespaces.length === 0 ? '' : await tablespacesFolder(folder)
  const spaces = backup.tablespaces.map(({ oid }) =>
    placeAt(oid, requireAbsolute(request.tablespaces[oid] ?? path.join(below, oid))),
  )
  const chain = await planChain(services, backup, { data, spaces, programs }, signal).catch(closed)
  const listing = backup.format === 'plain' && !chain ? await listBackup(backup, signal).catch(closed) : null
  const byHand = target !== null && startedByHand(target)
  const port = await portFor(destination, target)
  const kind = target === null || byHand ? 'own' : target.origin === 'debian' ? 'debian' : 'practice'
  const texts = await readSettings(backup)
  const { placed, sslOff } = await planSettings(folder, kind, account, texts)
  const limits = point && (await limitsOf(services, backup, programs, signal))
  const settings: SettingsFacts = {
    ...{ dataDirectory: folder, major: backup.major, kind, sslOff },
    port: port ?? 0,
    socketFolder: Buffer.byteLength(folder) <= longestSocketFolder ? folder : '',
    from: `${backup.server}, taken ${backup.takenAt}`,
    closed: request.drill !== undefined,
    ...(point ? { recovery: pointSettings(point, limits ?? {}) } : {}),
  }
  const kept = target && keptName(folder, at)
  const logFile = (byHand ? null : target?.logFile) ?? path.join(folder, 'log', 'server.log')
  const held = new Map<string, Held>()
  for (const place of [...(target ? [] : [data]), ...spaces]) held.set(place.final, await whatIsAt(place.final).catch(closed))
  for (const place of [data, ...spaces]) held.set(place.partial, await whatIsAt(place.partial).catch(closed))
  const parent = path.dirname(folder)
  const preflight = checkRecovery({
    ...{
      request,
      point,
      backup,
      chain,
      target,
      account,
      accountProblem,
      programs,
      listing,
      settings,
      placed,
      held,
      data,
      spaces,
      kept,
    },
    hostname: os.hostname(),
    accountName: account?.name ?? ownAccount().name,
    barrier: account ? await firstBarrier(account, [data, ...spaces]) : null,
    writeProblem: await writeProblem(parent),
    free: await freeBytes(parent),
    mountPoint: target !== null && existsSync(folder) && (await isMountPoint(folder)),
    walLink: target && (await walLink(folder)),
    differing: byHand ? await differingSettings(folder, texts.inside) : [],
    later: laterCommands({ target, account, programs, data, logFile }),
    portFree: port === null || (await isPortFree(port)),
    coldProblems: await coldProblems(services, backup, programs, signal),
    logins: services.connections.list().map(({ id }) => id),
    pointRows: point ? await pointRows(point, account, account?.name ?? ownAccount().name, services.spawn) : [],
  })
  return {
    ...{
      request,
      point,
      limits,
      backup,
      target,
      account,
      programs,
      data,
      spaces,
      port,
      kept,
      chain,
      listing,
      settings,
      placed,
      preflight,
    },
    accountName: account?.name ?? ownAccount().name,
    logFile,
    danger: target && kept !== null ? dangerOf(target, port, kept) : null,
    blocked: blockedSentence(preflight),
  }
}

/** null where only the start will tell, or nothing says it. */
async function portFor(destination: StandaloneRequest['destination'], target: LocalClusterInfo | null): Promise<number | null> {
  if (destination.kind === 'new') return destination.port
  if (target === null || !startedByHand(target)) return target?.port ?? null
  return destination.port ?? target.port ?? portItSays(target.dataDirectory)
}

function dangerOf(target: LocalClusterInfo, port: number | null, keptAs: string): RecoveryDanger {
  const { name, dataDirectory, control } = target
  return { name, host: os.hostname(), port, systemIdentifier: control?.systemIdentifier ?? '', dataDirectory, keptAs }
}

function requireFolder(destination: StandaloneRequest['destination']): string {
  return requireAbsolute(destination.kind === 'new' ? destination.folder : destination.dataDirectory)
}

function requireAbsolute(folder: string): string {
  if (path.isAbsolute(folder) && !folder.includes('\0') && !/[\r\n]/.test(folder)) return path.resolve(folder)
  throw new AppError('bad_input', `${JSON.stringify(folder)} is not an absolute path.`, { hint: 'Write it from the root on.' })
}

function closed(error: unknown): never {
  throw fromSystemError(error) ?? error
}

/** PostgreSQL refuses to run as root: then it is the account postgres. A cluster that is there keeps its owner. */
async function findRunner(target: LocalClusterInfo | null): Promise<{ account: OsAccount | null; problem: string }> {
  const root = process.getuid?.() === 0
  if (target === null) {
    if (!root) return { account: null, problem: '' }
    const account = await findAccount('postgres')
    const problem = 'PostgreSQL refuses to run as root, and this machine has no account named postgres.'
    return { account, problem: account ? '' : problem }
  }
  const account = await ownerOf(target.dataDirectory).catch((error: unknown) => {
    if (error instanceof AppError) return error
    throw error
  })
  if (account instanceof AppError) return { account: null, problem: account.message }
  if (account === null && root) return { account, problem: ownedByRoot(target.dataDirectory) }
  if (account === null || root) return { account, problem: '' }
  return {
    account,
    problem: `${target.dataDirectory} belongs to ${account.name}, and Walkback runs as ${ownAccount().name}: start Walkback as root or as ${account.name}.`,
  }
}

export function ownedByRoot(dataDirectory: string): string {
  return `${dataDirectory} belongs to root, and PostgreSQL refuses to run as root. Give it to the account that is to run it: chown -R postgres ${dataDirectory}`
}

export async function findPrograms({ tools }: Pick<RecoveryServices, 'tools'>, major: number): Promise<Programs | null> {
  const fits = (await tools.installations()).find(
    (one) => majorOf(one.version) === major && ['pg_ctl', 'pg_controldata', 'postgres'].every((name) => hasProgram(one, name)),
  )
  return fits ? { bin: fits.folder, version: fits.version } : null
}

function hasProgram({ folder, programs }: { folder: string; programs: string[] }, name: string): boolean {
  return programs.includes(name) || existsSync(path.join(folder, name))
}

async function firstBarrier(account: OsAccount, places: readonly Place[]): Promise<string | null> {
  for (const { final } of places) {
    const barrier = await barrierFor(account, path.dirname(final))
    if (barrier !== null) return barrier
  }
  return null
}

/** Of a cold backup: what its own control file says is missing of the WAL of its start. */
async function coldProblems(
  services: RecoveryServices,
  backup: PhysicalBackup,
  programs: Programs | null,
  signal: AbortSignal,
): Promise<string[]> {
  if (backup.kind !== 'cold-backup' || programs === null) return []
  const control = await readControlData(services.spawn, { ...programs, dataDirectory: backup.data, account: null }, signal)
  return (await checkWalPresence(path.join(backup.data, 'pg_wal'), control)).problems
}

/** Of a plain backup; a tar's shows when it is unpacked. */
async function limitsOf(
  { spawn }: RecoveryServices,
  backup: PhysicalBackup,
  programs: Programs | null,
  signal: AbortSignal,
): Promise<Record<string, number> | null> {
  if (programs === null || backup.format === 'tar') return null
  return (await readControlData(spawn, { ...programs, dataDirectory: backup.data, account: null }, signal)).limits
}

interface SettingsTexts {
  /** Of the data directory, where they are there and can be read; null for a tar. */
  inside: Map<string, string> | null
  saved: { original: string; text: string }[]
}

async function readSettings(backup: PhysicalBackup): Promise<SettingsTexts> {
  const saved = await Promise.all(
    backup.configuration.map(async ({ original, file }) => ({ original, text: await readFile(file, 'utf8') })),
  ).catch(closed)
  if (backup.format === 'tar') return { inside: null, saved }
  const inside = new Map<string, string>()
  for (const name of ['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf', 'postgresql.auto.conf']) {
    try {
      inside.set(name, await readFile(path.join(backup.data, name), 'utf8'))
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') closed(error)
    }
  }
  return { inside, saved }
}

async function planSettings(
  folder: string,
  kind: SettingsFacts['kind'],
  account: OsAccount | null,
  { inside, saved }: SettingsTexts,
): Promise<{ placed: readonly PlacedFile[]; sslOff: boolean }> {
  if (kind === 'debian') return { placed: [], sslOff: false }
  const brought = placeSettings(saved, folder)
  const there = new Set([...brought.map((file) => file.path), ...(inside?.keys() ?? [])])
  // What a tar holds shows when it is unpacked.
  const missing = inside === null ? [] : plainSettings.filter(({ path: name }) => !there.has(name))
  const placed = [...brought, ...missing]
  const key = outsideKey([...(inside?.values() ?? []), ...brought.map(({ text }) => text)])
  return { placed, sslOff: key !== null && !(await mayRead(key, account)) }
}

/** By the file's own mode: programs run for another account have none of its supplementary groups. */
async function mayRead(file: string, account: OsAccount | null): Promise<boolean> {
  const runner = account ?? ownAccount()
  if (account !== null && (await barrierFor(account, file)) === path.dirname(file)) return false
  try {
    const { uid, gid, mode } = await stat(file)
    return (mode & (uid === runner.uid ? 0o400 : gid === runner.gid ? 0o040 : 0o004)) !== 0
  } catch {
    return false // absent, or closed to us as well
  }
}

export function refusal({ blocked, preflight }: Pick<RecoveryPlan, 'blocked' | 'preflight'>): AppError | null {
  if (blocked === '') return null
  const blockers = preflight.filter((row) => row.result === 'blocker')
  const code = blockers.some(({ id }) => id === 'running' || id === 'folder' || id === 'port') ? 'conflict' : 'preflight'
  return new AppError(code, blockers.map((row) => row.found).join(' '), {
    hint: 'Put right what the checks name, then start again.',
  })
}
