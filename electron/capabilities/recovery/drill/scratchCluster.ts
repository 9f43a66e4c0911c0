// A cluster made by initdb for a dump to be restored into: only its own account reaches it, by its socket, and it is thrown away.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { BackupRecord, BackupSource } from '../../../../shared/model/backupRecord'
import { formatBytes } from '../../../../shared/model/byteCount'
import { emptyConnectionSettings } from '../../../../shared/model/connection'
import { formatPgVersion, majorOf } from '../../../../shared/model/pgVersion'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { freeBytes } from '../../../library/freeSpace'
import type { Globals } from '../../../library/readGlobals'
import { isWord, sqlTokens } from '../../../library/sqlText'
import { type InitLocale, initCluster, startCluster } from '../../../postgres/localCluster'
import type { LocalCluster } from '../../../postgres/localClusterState'
import { localeProblem } from '../../../postgres/newDatabase'
import { withClient } from '../../../postgres/withClient'
import { barrierFor } from '../../../process/accountAccess'
import type { OsAccount, SpawnTool } from '../../../process/processTypes'
import { findAccount } from '../../../process/runAs'
import { fromSystemError } from '../../../process/systemError'
import type { ConnectionStore, ResolvedConnection } from '../../../services'
import { own } from '../destination'
import type { RecoveryServices } from '../parts'
import { findPrograms, type Programs } from '../planRecovery'
import type { DrillPlace } from './drillPlan'
import type { Scratch } from './proveCluster'
import { makeScratchFolder } from './scratchRecord'

/** The source's own major, else the nearest newer one that is here: a dump can't go back to an older one. null for none. */
export async function findScratchPrograms(services: Pick<RecoveryServices, 'tools'>, source: number): Promise<Programs | null> {
  const majors = (await services.tools.installations(false))
    .filter(({ programs }) => programs.includes('initdb'))
    .map(({ version }) => majorOf(version))
    .filter((major) => major >= majorOf(source))
    .toSorted((a, b) => a - b)
  for (const major of majors) {
    const found = await findPrograms(services, major)
    if (found) return found
  }
  return null
}

export function noServer(source: number): AppError {
  const major = majorOf(source)
  return new AppError(
    'tool_missing',
    `No server of PostgreSQL ${major} or newer is on this machine: the dump has nowhere to go.`,
    {
      hint: `Install it (apt install postgresql-${major}), or add its folder in Settings.`,
    },
  )
}

/** PostgreSQL refuses to run as root: then it is the account postgres. Throws AppError for what stands in the way of a server. */
export async function prepareScratch(
  services: RecoveryServices,
  { record, request, folder }: DrillPlace,
): Promise<{ programs: Programs; account: OsAccount | null }> {
  const programs = await findScratchPrograms(services, record.source.serverVersion)
  if (!programs) throw noServer(record.source.serverVersion)
  const account = process.getuid?.() === 0 ? await findAccount('postgres') : null
  if (process.getuid?.() === 0 && !account) {
    throw new AppError('permission', 'PostgreSQL refuses to run as root, and this machine has no account named postgres.', {
      hint: 'Start Walkback as another account, or create the account postgres.',
    })
  }
  const barrier = account ? await barrierFor(account, request.place) : null
  if (barrier !== null) {
    throw new AppError('permission', `The account postgres, which runs the scratch cluster, can't enter ${barrier}.`, {
      hint: `Choose another folder, or run: chmod o+x ${barrier}`,
    })
  }
  const [need, free] = [neededBytes(record), await freeBytes(request.place)]
  if (free !== null && free < need) {
    throw new AppError(
      'preflight',
      `The drill was not started: ${formatBytes(free)} are free for ${folder}, about ${formatBytes(need)} are needed.`,
      { hint: 'Choose a folder on a larger disk.' },
    )
  }
  return { programs, account }
}

/** An empty cluster and its WAL, and what the record says the databases held. */
function neededBytes(record: BackupRecord): bigint {
  const own = 200n * 1024n * 1024n
  const sources = record.kind === 'dump-set' ? record.databases.map(({ source }) => source) : [record.source]
  return sources.reduce((sum, { databaseSize }) => sum + BigInt(databaseSize ?? '0'), own)
}

/**
 * Who the cluster is made by: the role that the dump's own cluster was made by, as far as that can be told. From 16 on a
 * membership that says GRANTED BY him can be granted by nobody else.
 */
export function superuserOf(globals: Globals | null): string {
  if (!globals || globals.roles.size === 0 || isSuperuser(globals, 'postgres')) return 'postgres'
  return [...globals.roles].find((name) => isSuperuser(globals, name)) ?? 'postgres'
}

function isSuperuser(globals: Globals, name: string): boolean {
  const tokens = (globals.roleStatements.get(name) ?? []).map(sqlTokens)
  const says = (word: string) => tokens.some((some) => some.some((token) => isWord(token, word)))
  return says('superuser') && says('login')
}

/** As the record says of the database, or of the one named postgres of a set; what it does not say is C and UTF-8. */
export function initLocale(record: BackupRecord, version: number): InitLocale {
  const source: BackupSource =
    (record.kind === 'dump-set' ? record.databases.find(({ name }) => name === 'postgres')?.source : undefined) ?? record.source
  const provider: InitLocale['provider'] =
    source.localeProvider === 'icu' || source.localeProvider === 'builtin' ? source.localeProvider : 'libc'
  const locale = { provider, collate: source.collate ?? 'C', ctype: source.ctype ?? 'C', locale: source.locale ?? '' }
  const target = { kind: 'new', database: '', owner: '', tablespace: '', encoding: '', localeProvider: provider } as const
  const fits = localeProblem({ ...target, collate: '', ctype: '', locale: locale.locale }, version) === undefined
  return { encoding: source.encoding ?? 'UTF8', ...locale, provider: fits ? provider : 'libc' }
}

export interface ScratchCluster {
  scratch: Scratch
  connection: ResolvedConnection
}

/** Leaves a running, empty cluster in the scratch folder. Throws AppError with initdb's or the server's own words. */
export async function makeScratch(
  job: JobContext,
  services: RecoveryServices,
  { record, folder, data, port }: DrillPlace,
  { programs, account }: { programs: Programs; account: OsAccount | null },
  superuser: string,
): Promise<ScratchCluster> {
  const spawn: SpawnTool = (request) => services.spawn({ ...request, jobId: job.id })
  const cluster: LocalCluster = { bin: programs.bin, dataDirectory: data, account, logFile: path.join(folder, 'server.log') }
  await makeScratchFolder(job.id, folder, account)
  try {
    await mkdir(data, { mode: 0o700 })
    await own(data, account)
  } catch (error) {
    throw fromSystemError(error, `make the scratch folder ${folder}`) ?? error
  }
  await initCluster(spawn, cluster, {
    superuser,
    passwordFile: null,
    locale: initLocale(record, programs.version),
    dataChecksums: record.source.dataChecksums ?? true,
    noSync: true,
    signal: job.signal,
    onLine: (line) => job.log(line),
  })
  const settings = {
    ...emptyConnectionSettings,
    host: data,
    port,
    user: superuser,
    database: 'postgres',
    sslmode: 'disable' as const,
  }
  const draft = await services.connections.resolveDraft({ id: null, settings, password: { kind: 'none' } })
  const connection = { ...draft, id: `drill-${job.id}`, label: 'the scratch cluster' }
  await startCluster(spawn, cluster, {
    settings: {
      port: String(port),
      listen_addresses: '',
      // A list: a comma or blank in the path needs quotes of the setting's own.
      unix_socket_directories: `"${data.replaceAll('"', '""')}"`,
      lc_messages: 'C',
      log_destination: 'stderr',
      logging_collector: 'off',
      log_line_prefix: '%m [%p] ',
      archive_mode: 'off',
      max_logical_replication_workers: '0',
    },
    signal: job.signal,
    probe: () => withClient({ connections: services.connections, connection, signal: job.signal }, async () => undefined),
    onLine: (line) => job.log(line, /\b(FATAL|PANIC):/.test(line) ? 'warning' : 'info'),
  })
  const { bin, version } = programs
  return { connection, scratch: { bin, version, major: majorOf(version), socketFolder: data, port, user: superuser } }
}

/** The same store, which knows the scratch cluster besides, by its id. It is never saved and never in a list. */
export function withScratchConnection(store: ConnectionStore, scratch: ResolvedConnection): ConnectionStore {
  return {
    ...store,
    resolve: (id) => (id === scratch.id ? Promise.resolve(scratch) : store.resolve(id)),
    requireWritable: (id, action) => {
      if (id !== scratch.id) store.requireWritable(id, action)
    },
  }
}

export function scratchWords({ version }: Pick<Scratch, 'version'>): string {
  return `PostgreSQL ${formatPgVersion(version)}`
}
