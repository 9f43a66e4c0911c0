// coldBackup: a copy of a stopped cluster of this machine, file by file, with its tablespaces and its settings files.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { call, contract } from '../rpc/contract'
import { commandPreview } from './dump'
import { jobStarted } from './jobs'
import { clusterRef, localCluster } from './localClusters'

export const coldBackupRequest = clusterRef.extend({
  /** Settings files outside the data directory come along. */
  configuration: z.boolean(),
  /** pg_checksums --check before the copy, where the cluster has data checksums and was shut down cleanly. */
  pageChecksums: z.boolean(),
  /** The library's folder on the machine that runs Walkback, absolute. */
  library: z.string().min(1).max(4096),
  /** Free text, kept in the record and part of the folder's name. */
  label: z.string().max(200),
})

export const coldBackup = contract('coldBackup', {
  /** What the form needs. Of a running cluster too: then sizes are of this moment, and start refuses. */
  prepare: call(
    clusterRef,
    z.object({
      cluster: localCluster,
      hostname: z.string(),
      /** Bytes and files of the data directory and the tablespaces, without what is left out. */
      size: byteCount,
      files: z.int(),
      tablespaces: z.array(z.object({ oid: z.string(), location: z.string(), size: byteCount })),
      /** Absolute paths of settings files outside the data directory. */
      configuration: z.array(z.string()),
      /** Replication slots, which a copy leaves out. */
      slots: z.array(z.string()),
      libraries: z.array(z.object({ path: z.string(), freeBytes: byteCount.nullable() })),
    }),
  ),
  preview: call(coldBackupRequest, commandPreview),
  start: call(coldBackupRequest, jobStarted),
})

export type ColdBackupRequest = z.infer<typeof coldBackupRequest>
