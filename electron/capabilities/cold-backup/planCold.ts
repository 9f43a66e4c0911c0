// Everything that is known before a cold backup runs: the cluster, its files, its WAL, the place, the checks.
import os from 'node:os'
import path from 'node:path'
import type { ColdBackupRequest } from '../../../shared/contracts/coldBackup'
import type { LocalClusterInfo } from '../../../shared/contracts/localClusters'
import type { ShownCommand } from '../../../shared/jobs/job'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { shownWords } from '../../../shared/tools/showCommand'
import { type BackupPlace, placeBackup } from '../../library/backupFolder'
import { freeBytes, nearestExisting, writeProblem } from '../../library/freeSpace'
import { blockedSentence } from '../../library/preflightRow'
import { requireLocalCluster } from '../../postgres/findLocalClusters'
import {
  type ControlData,
  isCleanState,
  type LocalCluster,
  needsCrashRecovery,
  readControlData,
} from '../../postgres/localClusterState'
import { findOutsideSettings, type OutsideSettings } from '../../postgres/outsideSettings'
import { checkWalPresence, findWalEnd, type WalEnd, type WalPresence } from '../../postgres/walPresence'
import type { Services } from '../../services'
import { listSource, type SourceListing } from './listSource'
import { checkCold } from './preflightCold'
import { sharesBlocks } from './sharesBlocks'

export type ColdServices = Pick<Services, 'paths' | 'settings' | 'tools' | 'spawn' | 'jobs'>

export interface ColdPlan {
  info: LocalClusterInfo
  cluster: LocalCluster
  /** Of the installation whose programs are used: a stopped cluster tells its major only. */
  version: number
  control: ControlData
  listing: SourceListing
  outside: OutsideSettings
  wal: WalPresence & WalEnd
  place: BackupPlace
  /** pg_checksums --check runs before the copy. */
  checksPages: boolean
  shown: ShownCommand[]
  preflight: PreflightRow[]
  /** Blockers in one sentence, '' when it may start. */
  blocked: string
}

/** Looks at the cluster and the disk anew each time. Throws AppError for what is no cluster, or closed to us. */
export async function planCold(
  services: ColdServices,
  request: ColdBackupRequest,
  place: (info: LocalClusterInfo) => BackupPlace,
  signal: AbortSignal,
): Promise<ColdPlan> {
  const { info, cluster, version } = await openCluster(services, request.dataDirectory, signal)
  const control = await readControlData(services.spawn, cluster, signal)
  const running = info.running !== null
  const listing = await listSource(cluster.dataDirectory, { major: info.major ?? 0, running, signal }).catch(closed(info))
  const outside = await findOutsideSettings(services.spawn, info, cluster, signal)
  const wal = running ? noWal : await readWal(services, cluster, control, signal)
  const checksPages = request.pageChecksums && control.dataChecksums && isCleanState(control.state)
  const nearest = nearestExisting(request.library)
  const preflight = checkCold({
    ...{ request, info, hostname: os.hostname(), control, listing, outside, wal, checksPages },
    writeProblem: await writeProblem(request.library),
    freeBytes: await freeBytes(request.library),
    sharesBlocks: await sharesBlocks(cluster.dataDirectory, nearest),
  })
  return {
    ...{ info, cluster, version, control, listing, outside, wal, checksPages, preflight },
    place: place(info),
    shown: shownCommands(cluster, version, checksPages, needsCrashRecovery(control.state) && !running ? control : null),
    blocked: blockedSentence(preflight),
  }
}

const noWal = { segments: [], problems: [], end: null, problem: null }

export async function openCluster(services: ColdServices, dataDirectory: string, signal: AbortSignal) {
  const found = await requireLocalCluster(services, dataDirectory, signal).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== 'permission') throw error
    throw new AppError('permission', error.message, { hint: `${error.hint ?? ''} ${byHand(dataDirectory)}`.trim() })
  })
  const installation = (await services.tools.installations()).find(({ folder }) => folder === found.cluster.bin)
  return { ...found, version: installation?.version ?? (found.info.major ?? 0) * 10_000 }
}

function byHand(dataDirectory: string): string {
  const source = /^[\w@%+=:,./-]+$/.test(dataDirectory) ? dataDirectory : `'${dataDirectory.replaceAll("'", `'\\''`)}'`
  return `Or copy it yourself while it is stopped: sudo cp --archive --reflink=auto ${source} /path/to/copy`
}

/** A file inside that is closed to us although the folder is not. */
function closed(info: LocalClusterInfo): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof Error) || !('code' in error) || (error.code !== 'EACCES' && error.code !== 'EPERM')) throw error
    const where = 'path' in error && typeof error.path === 'string' ? error.path : info.dataDirectory
    throw new AppError('permission', `${where} is closed to ${os.userInfo().username}: it belongs to ${info.owner}.`, {
      hint: `Start Walkback as root or as ${info.owner}. ${byHand(info.dataDirectory)}`,
      cause: error,
    })
  }
}

/** Where the WAL of an unclean cluster ends is looked for only when none of it is missing. */
async function readWal(
  services: ColdServices,
  cluster: LocalCluster,
  control: ControlData,
  signal: AbortSignal,
): Promise<WalPresence & WalEnd> {
  const folder = path.join(cluster.dataDirectory, 'pg_wal')
  const presence = await checkWalPresence(folder, control)
  if (presence.problems.length > 0 || !needsCrashRecovery(control.state)) return { ...presence, end: null, problem: null }
  return { ...presence, ...(await findWalEnd(services.spawn, cluster, folder, control, presence.segments, signal)) }
}

export function placeCold(info: LocalClusterInfo, request: ColdBackupRequest, at: Date, attempt: number): BackupPlace {
  return placeBackup({
    library: request.library,
    serverLabel: info.name,
    kind: 'cold-backup',
    database: 'cluster',
    label: request.label,
    at,
    attempt,
  })
}

export function refusal(plan: Pick<ColdPlan, 'blocked' | 'preflight' | 'info'>): AppError | null {
  if (plan.blocked === '') return null
  const blockers = plan.preflight.filter((row) => row.result === 'blocker')
  const running = blockers.find(({ id }) => id === 'running')
  if (running) return new AppError('conflict', running.found, { hint: twoWays(plan.info) })
  return new AppError('preflight', blockers.map((row) => row.found).join(' '), {
    hint: 'Put right what the checks name, then start again.',
  })
}

export function twoWays(info: LocalClusterInfo): string {
  return `Stop ${info.name} first, or take a base backup of the running server: that is made for it.`
}

/** The copying itself is Walkback's own; these programs look before it. */
function shownCommands(cluster: LocalCluster, version: number, pages: boolean, unclean: ControlData | null): ShownCommand[] {
  const program = (title: string, name: string, argv: readonly string[]): ShownCommand => ({
    title,
    program: name,
    version,
    words: shownWords(argv),
    kind: 'program',
  })
  const data = `--pgdata=${cluster.dataDirectory}`
  const wal = path.join(cluster.dataDirectory, 'pg_wal')
  return [
    program('State of the cluster', 'pg_controldata', [data]),
    ...(unclean
      ? [
          program('End of its WAL', 'pg_waldump', [
            '--quiet',
            `--path=${wal}`,
            `--start=${unclean.redo}`,
            `--timeline=${unclean.timeline}`,
          ]),
        ]
      : []),
    ...(pages ? [program('Page checksums', 'pg_checksums', ['--check', '--progress', data])] : []),
  ]
}
