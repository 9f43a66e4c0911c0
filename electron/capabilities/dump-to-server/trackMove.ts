// How far a copy is: what pg_restore has begun, since what pg_dump has read may still be in the pipe; and what went through.
import type { JobProgress } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { trackDump } from '../../library/dumpProgress'
import type { PipePlan } from './planPipe'
import { selects } from './preflightPipe'

export interface MoveProgress {
  /** A line of pg_dump: it says something before the first entry arrives. */
  dumping(line: string): void
  /** What pg_restore has begun, in its own words. */
  entry(kind: string, words: string): void
  passed(bytes: number): void
  bytes(): number
  now(): JobProgress
}

type Phase = 'reading' | 'before' | 'data' | 'after'

const dataKinds = /^(SEQUENCE SET|BLOB|LARGE OBJECT)/

export function trackMove(plan: Pick<PipePlan, 'request' | 'source'>): MoveProgress {
  const tables = plan.source.facts.tables.filter(({ kind }) => kind === 'r')
  const whole = !selects(plan.request)
  const weighed = trackDump(tables, false, whole)
  let phase: Phase = 'reading'
  let label = 'reading definitions'
  let bytes = 0
  let entries = 0
  const through = () => (bytes === 0 ? '' : `, ${formatBytes(String(bytes))} through the pipe`)
  return {
    dumping(line) {
      const said = /^pg_dump: ((?:reading|identifying|finding|flagging|saving) .*)$/s.exec(line)?.[1]
      if (phase === 'reading' && said !== undefined) label = said
    },
    entry(kind, words) {
      entries += 1
      const rows = kind === 'TABLE DATA'
      if (rows) weighed.line(words.replace(/^processing data for/, 'dumping contents of'))
      if (rows || dataKinds.test(kind)) phase = 'data'
      else phase = phase === 'data' || phase === 'after' ? 'after' : 'before'
      const of = whole ? ` of ${tables.length}` : ''
      label = rows ? `${words.replace(/^processing data for /, '')} (${weighed.tables()}${of})` : words
    },
    passed(count) {
      bytes += count
      weighed.written(bytes)
    },
    bytes: () => bytes,
    now() {
      // The definitions go by in a moment; indexes and keys can take longer than the rows, and nobody knows how long.
      if (phase === 'after') return { done: entries, total: null, unit: 'objects', label: `${label}${through()}` }
      const { done, total } = weighed.now()
      return { done: phase === 'data' ? done : 0, total, unit: 'bytes', label: `${label}${through()}` }
    },
  }
}
