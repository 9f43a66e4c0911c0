// What pg_basebackup says while it works: its phases, how far it is, where the backup begins and ends.
import type { JobProgress } from '../../../shared/jobs/job'
import { type Lsn, parseLsn } from '../../../shared/model/lsn'

export interface BaseBackupNews {
  /** checkpoint: the server has not begun; files: they arrive; wal: the last WAL is waited for; sync: made durable. */
  phase: 'checkpoint' | 'files' | 'wal' | 'sync' | 'done'
  /** null for good with --wal-method=none: it names neither position then. */
  startLsn: Lsn | null
  timeline: number | null
  stopLsn: Lsn | null
  /** The slot that it made; a temporary one ends with its connection. */
  slot: { name: string; temporary: boolean } | null
  progress: JobProgress | null
}

const progressLine = /^\s*(\d+)\/(\d+) kB \((\d+)%\), (\d+)\/(\d+) tablespaces?(?: \((?:\.\.\.)?(.*?)\s*\))?\s*$/
/** With --no-estimate-size there is no end to count to. */
const openProgressLine = /^\s*(\d+) kB, (\d+)\/(\d+) tablespaces?(?: \((.*?)\s*\))?\s*$/

export function trackBaseBackup(): { line(text: string): boolean; now(): BaseBackupNews } {
  const news: BaseBackupNews = { phase: 'checkpoint', startLsn: null, timeline: null, stopLsn: null, slot: null, progress: null }
  return {
    /** Whether the line told something new. */
    line(text) {
      const progress = readProgress(text)
      if (progress) {
        news.progress = progress
        return true
      }
      return readPhase(news, text)
    },
    now: () => ({ ...news }),
  }
}

/** Bytes of tablespaces and the data directory. The total is an estimate that grows near the end; done may pass it. */
function readProgress(text: string): JobProgress | null {
  const known = progressLine.exec(text)
  if (known) {
    const done = Number(known[1]) * 1024
    return { done, total: Math.max(done, Number(known[2]) * 1024), unit: 'bytes', label: labelOf(known[4], known[5], known[6]) }
  }
  const open = openProgressLine.exec(text)
  if (!open) return null
  return { done: Number(open[1]) * 1024, total: null, unit: 'bytes', label: labelOf(open[2], open[3], open[4]) }
}

function labelOf(done: string | undefined, all: string | undefined, file: string | undefined): string {
  const spaces = Number(all) > 1 ? `tablespace ${Math.min(Number(done) + 1, Number(all))} of ${all}` : ''
  return [spaces, file ?? ''].filter((part) => part !== '').join(', ')
}

function readPhase(news: BaseBackupNews, text: string): boolean {
  if (!text.startsWith('pg_basebackup: ')) return false
  const say = text.slice('pg_basebackup: '.length)
  const start = /^write-ahead log start point: (\S+) on timeline (\d+)$/.exec(say)
  const end = /^write-ahead log end point: (\S+)$/.exec(say)
  const slot = /^created (temporary )?replication slot "(.*)"$/.exec(say)
  if (start) {
    news.startLsn = parseLsn(start[1] ?? '') ?? null
    news.timeline = Number(start[2])
    news.phase = 'files'
  } else if (end) {
    news.stopLsn = parseLsn(end[1] ?? '') ?? null
    news.phase = 'wal'
  } else if (slot) news.slot = { name: slot[2] ?? '', temporary: slot[1] !== undefined }
  else if (say === 'checkpoint completed') news.phase = 'files'
  else if (say === 'syncing data to disk ...') news.phase = 'sync'
  else if (say === 'base backup completed') news.phase = 'done'
  else return say.startsWith('initiating base backup')
  return true
}
