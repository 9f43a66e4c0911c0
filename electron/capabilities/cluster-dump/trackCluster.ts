// Reads the verbose lines of pg_dumpall and of the pg_dumps it starts into progress: databases done, weighted by size.
import type { JobProgress } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'

export interface ClusterProgress {
  line(text: string): void
  /** Bytes on disk, for the label. */
  written(bytes: number): void
  now(): JobProgress
  /** In the order they were begun. */
  databases(): string[]
}

/** Even an empty database is some work. */
const leastWeight = 8 * 1024 * 1024

export function trackCluster(known: readonly { name: string; size: string | null }[], exactTotal: boolean): ClusterProgress {
  const weights = new Map(known.map(({ name, size }) => [name, Math.max(Number(size ?? 0), leastWeight)]))
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0)
  const begun: string[] = []
  let done = 0
  let label = 'roles and tablespaces'
  let bytes = 0
  return {
    line: (text) => {
      const database = /^pg_dumpall: dumping database "(.*)"$/.exec(text)?.[1]
      if (database !== undefined) {
        done += weights.get(begun.at(-1) ?? '') ?? 0
        begun.push(database)
        label = `database ${database}`
        return
      }
      const table = /^pg_dump: dumping contents of table "(.*)"$/.exec(text)?.[1]
      if (table !== undefined) label = `database ${begun.at(-1) ?? ''}, table ${table}`
    },
    written: (count) => {
      bytes = count
    },
    now: () => ({
      done: Math.min(done, total),
      total: exactTotal && total > 0 ? total : null,
      unit: 'bytes',
      label: bytes > 0 ? `${label}, ${formatBytes(bytes)} written` : label,
    }),
    databases: () => [...begun],
  }
}
