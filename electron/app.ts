// Composition root: builds the services by hand and mounts every capability's handlers.
import type { Contracts } from '../shared/contracts'
import type { Handlers } from '../shared/rpc/contract'
import { appPaths, emptyScratch } from './appPaths'
import { openArchives } from './archive/archiveStore'
import { accidentHandlers, restartAccident } from './capabilities/accident/handlers'
import { backupsHandlers, restartVerify } from './capabilities/backups/handlers'
import { baseBackupHandlers, restartBaseBackup } from './capabilities/base-backup/handlers'
import { clusterDumpHandlers, restartClusterDump, restartClusterRestore } from './capabilities/cluster-dump/handlers'
import { clusterRestorePart } from './capabilities/cluster-dump/part'
import { coldBackupHandlers, restartCold } from './capabilities/cold-backup/handlers'
import { connectionsHandlers } from './capabilities/connections/handlers'
import { copyHandlers, restartCopy } from './capabilities/copy/handlers'
import { dumpHandlers, restartDump } from './capabilities/dump/handlers'
import { dumpPart } from './capabilities/dump/part'
import { dumpToServerHandlers, restartDumpToServer } from './capabilities/dump-to-server/handlers'
import { hostHandlers } from './capabilities/host/handlers'
import { jobsHandlers } from './capabilities/jobs/handlers'
import { localClustersHandlers, restartLocalCluster } from './capabilities/local-clusters/handlers'
import { objectsHandlers } from './capabilities/objects/handlers'
import { practiceHandlers, restartPractice } from './capabilities/practice/handlers'
import { practicePart } from './capabilities/practice/part'
import { endLeftDrill } from './capabilities/recovery/drill/endLeftDrill'
import { drillHandlers, restartDrill } from './capabilities/recovery/drill/handlers'
import { recoveryHandlers, restartRecovery } from './capabilities/recovery/handlers'
import { endLeftLook } from './capabilities/recovery/look/endLeftLook'
import { lookHandlers, restartLook } from './capabilities/recovery/look/handlers'
import { lookPart } from './capabilities/recovery/look/part'
import { recoveryPointHandlers } from './capabilities/recovery/point/handlers'
import { salvagePart } from './capabilities/recovery/point/part'
import { rescueHandlers, restartRescue } from './capabilities/rescue/handlers'
import { restartRestore, restoreHandlers } from './capabilities/restore/handlers'
import { restoreOutcomeHandlers } from './capabilities/restore/outcomeHandlers'
import { restorePart } from './capabilities/restore/part'
import { restartWalFile, walArchiveFileHandlers } from './capabilities/wal-archive/file/handlers'
import { restartWalArchive, walArchiveHandlers } from './capabilities/wal-archive/handlers'
import { restartWalStream, resumeStreams, walArchiveStreamHandlers } from './capabilities/wal-archive/stream/handlers'
import { claimInstance } from './instance'
import { openJobManager } from './jobs/jobManager'
import { createConnectionStore } from './postgres/connectionStore'
import { createSpawnTool } from './process/spawnTool'
import { createTools } from './process/tools'
import type { ConnectionStore, HostInfo, SecretVault, Services } from './services'
import { openSettings } from './settings/settingsStore'

export type AllHandlers = { readonly [K in keyof Contracts]: Handlers<Contracts[K], AbortSignal> }

export interface App {
  services: Services
  handlers: AllHandlers
  /** Cancels what runs, waits for it, and lets another Walkback have the data folder. */
  shutdown(): Promise<void>
}

export interface AppOptions {
  host: HostInfo
  vault: SecretVault
  /** Absolute; the host's default when absent (see appPaths). */
  dataFolder?: string
}

/** Throws AppError when the data folder can't be used, or is in use by another Walkback. */
export async function createApp(options: AppOptions): Promise<App> {
  const paths = appPaths(options.dataFolder)
  const instance = await claimInstance(paths.data)
  try {
    emptyScratch(paths)
    const report = (text: string) => void process.stderr.write(`${text}\n`)
    const { store: settings, problem } = openSettings(paths)
    if (problem) report(problem)
    const spawn = createSpawnTool({ instanceId: instance.id })
    const jobs = await openJobManager({
      folder: paths.jobs,
      instanceId: instance.id,
      spawn,
      concurrentJobs: () => settings.get().concurrentJobs,
      settle: async (job) => [...(await endLeftDrill(job)), ...(await endLeftLook(job))],
      report,
    })
    const tools = createTools({ spawn, installationFolders: () => settings.get().installationFolders })
    const connections = createConnectionStore({ paths, vault: options.vault })
    const archives = openArchives(paths.data)
    const services: Services = {
      ...{ host: options.host, paths, settings, vault: options.vault },
      ...{ connections, archives, tools, jobs, spawn },
    }
    const handlers = mount(services)
    resumeStreams(services, report)
    return {
      services,
      handlers,
      async shutdown() {
        await jobs.shutdown()
        instance.release()
      },
    }
  } catch (error) {
    instance.release()
    throw error
  }
}

function mount(services: Services): AllHandlers {
  const practice = practiceHandlers(services)
  const parts = {
    dump: dumpPart(services),
    restore: restorePart(services),
    practice: practicePart(services),
    look: lookPart(services),
    salvage: salvagePart(services),
    // The restore of dumps to a server that is not among the saved connections.
    restoreThrough: (connections: ConnectionStore) => {
      const through = { ...services, connections }
      const restore = restorePart(through)
      return { ...restore, set: clusterRestorePart(through, { dump: dumpPart(through), restore }) }
    },
  }
  return {
    connections: connectionsHandlers(services),
    objects: objectsHandlers(services),
    copy: copyHandlers(services),
    dump: dumpHandlers(services),
    clusterDump: clusterDumpHandlers(services, parts),
    restore: restoreHandlers(services),
    restoreOutcome: restoreOutcomeHandlers(services),
    recovery: recoveryHandlers(services, parts),
    recoveryPoint: recoveryPointHandlers(services, parts),
    look: lookHandlers(services, parts),
    rescue: rescueHandlers(services, parts),
    accident: accidentHandlers(services, parts),
    drill: drillHandlers(services, parts),
    dumpToServer: dumpToServerHandlers(services),
    baseBackup: baseBackupHandlers(services),
    backups: backupsHandlers(services),
    coldBackup: coldBackupHandlers(services),
    practice,
    localClusters: localClustersHandlers(services),
    walArchiveFile: walArchiveFileHandlers(services),
    walArchiveStream: walArchiveStreamHandlers(services),
    walArchive: walArchiveHandlers(services),
    jobs: jobsHandlers(
      services.jobs,
      {
        copy: restartCopy(services),
        dump: restartDump(services),
        'cluster-dump': restartClusterDump(services, parts),
        'cluster-restore': restartClusterRestore(services, parts),
        restore: restartRestore(services),
        recovery: restartRecovery(services, parts),
        'recovery-look': restartLook(services, parts),
        rescue: restartRescue(services, parts),
        accident: restartAccident(services, parts),
        drill: restartDrill(services, parts),
        'dump-to-server': restartDumpToServer(services),
        'base-backup': restartBaseBackup(services),
        backups: restartVerify(services),
        'cold-backup': restartCold(services),
        'local-clusters': restartLocalCluster,
        'wal-file': restartWalFile(services),
        'wal-stream': restartWalStream(services),
        'wal-archive': restartWalArchive(services),
        practice: (input) => restartPractice(practice, input),
      },
      services.host.version,
    ),
    host: hostHandlers(services),
  } satisfies AllHandlers
}
