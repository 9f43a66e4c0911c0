// Reads pg_dump's verbose lines into progress: tables done, weighted by their size.
import type { JobProgress } from '../../shared/jobs/job'
import { formatBytes } from '../../shared/model/byteCount'
import { qualifiedName } from '../../shared/model/identifier'

export interface WeighedTable {
  schema: string
  name: string
  bytes: number
}

export interface DumpProgress {
  /** One line of standard error, without its end. */
  line(text: string): void
  /** Bytes on disk, for the label. */
  written(bytes: number): void
  now(): JobProgress
  /** Tables whose rows have been begun. */
  tables(): number
}

/** Even an empty table is some work, and it keeps a dump of many small ones moving. */
const leastWeight = 8192

function weigh(bytes: number): number {
  return Math.max(bytes, leastWeight)
}

/**
 * `parallel`: pg_dump says `dumping contents of table "s.t"` when a worker begins one and `finished item 12 TABLE DATA t`
 * when it is done. Alone it only says when it begins, which ends the one before. The names are not quoted in these lines.
 */
export function trackDump(known: readonly WeighedTable[], parallel: boolean, exactTotal: boolean): DumpProgress {
  const weights = new Map(known.map((table) => [`${table.schema}.${table.name}`, table]))
  const total = known.reduce((sum, table) => sum + weigh(table.bytes), 0)
  const running = new Map<string, { name: string; weight: number; label: string }>()
  let begun = 0
  let done = 0
  let label = 'reading definitions'
  let bytes = 0

  const finish = (key: string) => {
    done += running.get(key)?.weight ?? 0
    running.delete(key)
  }
  const begin = (key: string) => {
    const table = weights.get(key)
    if (!parallel) for (const other of running.keys()) finish(other)
    begun += 1
    const shown = table ? qualifiedName(table.schema, table.name) : key
    running.set(key, {
      name: table?.name ?? key,
      weight: table ? weigh(table.bytes) : exactTotal ? 0 : leastWeight,
      label: shown,
    })
    label = `table ${shown}`
  }

  /**
   * A large table says nothing from its beginning to its end. What is on disk by now is the least that was read of it:
   * the rows in an archive take about the room they have in their table, compressed ones less.
   */
  const seen = () => {
    const begunWeight = [...running.values()].reduce((sum, table) => sum + table.weight, 0)
    return Math.max(done, Math.min(done + begunWeight, bytes))
  }

  return {
    line: (text) => {
      // Workers share one standard error, and their prefixes and messages are written apart: "pg_dump: pg_dump: dumping ...".
      // Or as two lines: "pg_dump: pg_dump:dumping ..." and " dumping ...".
      const message = text.replace(/^(pg_dump:)?\s*(pg_dump:\s*)*/, '')
      const table = /^dumping contents of table "(.*)"$/s.exec(message)?.[1]
      if (table !== undefined) return begin(table)
      const finished = /^finished item \d+ TABLE DATA (.*)$/s.exec(message)?.[1]
      if (finished !== undefined) {
        const key = [...running].find(([, each]) => each.name === finished)?.[0]
        if (key !== undefined) finish(key)
        const next = [...running.values()].at(-1)
        if (next) label = `table ${next.label}`
        return
      }
      if (message.startsWith('saving large objects')) label = 'large objects'
      else if (begun === 0 && /^(reading|identifying|finding|flagging|saving) /.test(message)) label = message
    },
    written: (count) => {
      bytes = count
    },
    now: () => ({
      done: exactTotal ? Math.min(seen(), total) : done,
      total: exactTotal ? total : null,
      unit: 'bytes',
      label: bytes > 0 ? `${label}, ${formatBytes(bytes)} written` : label,
    }),
    tables: () => begun,
  }
}
