// localClusters: the clusters on the machine that runs Walkback, running or not, and stopping and starting one.
import { z } from 'zod'
import { lsnText } from '../model/lsn'
import { call, contract } from '../rpc/contract'
import { jobStarted } from './jobs'

/** debian: pg_lsclusters names it. process: its server runs. practice: Walkback's own. folder: given by hand. */
export const clusterOrigins = ['debian', 'practice', 'process', 'folder'] as const

export const clusterState = z.object({
  /** As pg_controldata says: "shut down", "in production", "in archive recovery" ... */
  state: z.string(),
  systemIdentifier: z.string(),
  /** Latest checkpoint, and where redo from it begins. */
  checkpoint: lsnText,
  redo: lsnText,
  timeline: z.int(),
  /** Bytes of a WAL segment. */
  segmentSize: z.int(),
  dataChecksums: z.boolean(),
})

export const localCluster = z.object({
  origin: z.enum(clusterOrigins),
  /** "15/main", "practice replica", or the folder's name. Typed to confirm a stop. */
  name: z.string(),
  /** Of PG_VERSION, or as pg_lsclusters says; null where neither can be read. */
  major: z.int().nullable(),
  /** Absolute, links followed. */
  dataDirectory: z.string(),
  /** Debian's folder under /etc/postgresql; null for clusters that keep their settings in the data directory. */
  configDirectory: z.string().nullable(),
  /** Files in it: postgresql.conf, pg_hba.conf, start.conf ... */
  configFiles: z.array(z.string()),
  /** Where its server listens, or would by its settings; null when unknown. */
  port: z.int().nullable(),
  socketFolder: z.string().nullable(),
  logFile: z.string().nullable(),
  /** The account that owns the data directory. */
  owner: z.string().nullable(),
  running: z
    .object({
      pid: z.int(),
      startedAt: z.iso.datetime(),
      /** "ready", "starting", "stopping", "standby" or "". */ status: z.string(),
    })
    .nullable(),
  control: clusterState.nullable(),
  /** Bin folder of an installation of its major. */
  bin: z.string().nullable(),
  /** Links of pg_tblspc: the tablespace's OID and its folder. */
  tablespaces: z.array(z.object({ oid: z.string(), location: z.string() })),
  /** Why control or bin is null; null when nothing is missing. */
  problem: z.object({ message: z.string(), hint: z.string() }).nullable(),
  /** Walkback knows how this cluster is started, so it may be started from here. */
  canStart: z.boolean(),
})

export const clusterRef = z.object({ dataDirectory: z.string().min(1).max(4096) })

export const localClusters = contract('localClusters', {
  /** `problems`: places that could not be looked at, in words. */
  list: call(z.object({}), z.object({ clusters: z.array(localCluster), problems: z.array(z.string()) })),
  /** Of any data directory on the machine. Throws not_found or bad_input for what is none. */
  inspect: call(clusterRef, localCluster),
  /** Typed confirmation: `confirm` is the cluster's name; `systemIdentifier` as it was shown. A job: "fast" shutdown. */
  stop: call(clusterRef.extend({ confirm: z.string(), systemIdentifier: z.string() }), jobStarted),
  start: call(clusterRef, jobStarted),
})

export type LocalClusterInfo = z.infer<typeof localCluster>
export type ClusterState = z.infer<typeof clusterState>
