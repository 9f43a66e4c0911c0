// Every contract of the application, by capability. A new capability adds its line here.
import type { Client } from '../rpc/contract'
import { accident } from './accident'
import { backups } from './backups'
import { baseBackup } from './baseBackup'
import { clusterDump } from './clusterDump'
import { coldBackup } from './coldBackup'
import { connections } from './connections'
import { copy } from './copy'
import { drill } from './drill'
import { dump } from './dump'
import { host } from './host'
import { jobs } from './jobs'
import { localClusters } from './localClusters'
import { look } from './look'
import { objects } from './objects'
import { dumpToServer } from './pipe'
import { practice } from './practice'
import { recovery } from './recovery'
import { recoveryPoint } from './recoveryPoint'
import { rescue } from './rescue'
import { restore } from './restore'
import { restoreOutcome } from './restoreOutcome'
import { walArchive } from './walArchive'
import { walArchiveFile } from './walArchiveFile'
import { walArchiveStream } from './walArchiveStream'

export const contracts = {
  connections,
  objects,
  copy,
  dump,
  clusterDump,
  restore,
  restoreOutcome,
  recovery,
  recoveryPoint,
  look,
  rescue,
  accident,
  drill,
  dumpToServer,
  baseBackup,
  backups,
  coldBackup,
  practice,
  localClusters,
  walArchiveFile,
  walArchiveStream,
  walArchive,
  jobs,
  host,
} as const

export type Contracts = typeof contracts

export type Api = { readonly [K in keyof Contracts]: Client<Contracts[K]> }
