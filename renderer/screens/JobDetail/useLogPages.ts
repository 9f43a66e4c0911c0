// A bounded window on a job's log: pages fetched as they come into view, the ones farthest away forgotten.
import { useCallback, useEffect, useRef, useState } from 'react'
import type { LogLevel, LogLine } from '../../../shared/jobs/job'
import { isCancelled, type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'

export const pageLines = 200
const keptPages = 30

export interface LogCounts {
  total: number
  warnings: number
  errors: number
}

/** How long the log is, as it grows; what the list of jobs knows until the first answer. */
export function useLogCounts(jobId: string, lines: number): LogCounts {
  const [counts, setCounts] = useState<LogCounts>({ total: lines, warnings: 0, errors: 0 })
  useEffect(() => {
    const leaving = new AbortController()
    const watch = async () => {
      try {
        for await (const next of api.jobs.watchLog({ jobId }, { signal: leaving.signal })) setCounts(next)
      } catch (error) {
        // Lost connections are shown by the frame, and the pages' own errors by the log.
        if (!isCancelled(error) && !leaving.signal.aborted) console.error('the log can not be watched', error)
      }
    }
    void watch()
    return () => leaving.abort()
  }, [jobId])
  return counts.total >= lines ? counts : { ...counts, total: lines }
}

export interface LogPages {
  /** Lines of the chosen level; with `info` that is all. */
  total: number
  error: ShownError | null
  /** undefined while its page is on its way. */
  lineAt: (index: number) => LogLine | undefined
  /** Asks for the pages of these lines. */
  need: (first: number, last: number) => void
}

export function useLogPages(jobId: string, level: LogLevel, counts: LogCounts): LogPages {
  const pages = useRef(new Map<number, LogLine[]>())
  const asked = useRef(new Map<number, number>())
  const [found, setFound] = useState({ level, total: level === 'info' ? counts.total : 0 })
  const [, setVersion] = useState(0)
  const [error, setError] = useState<ShownError | null>(null)
  const generation = useRef(0)
  const total =
    level === 'info' ? Math.max(counts.total, found.level === level ? found.total : 0) : found.level === level ? found.total : 0

  const fetchPage = useCallback(
    async (page: number, known: number) => {
      asked.current.set(page, known)
      const mine = generation.current
      try {
        const answer = await api.jobs.log({ jobId, from: page * pageLines, count: pageLines, level })
        if (mine !== generation.current) return
        pages.current.set(page, answer.lines)
        for (const far of [...pages.current.keys()].sort((a, b) => Math.abs(b - page) - Math.abs(a - page))) {
          if (pages.current.size <= keptPages) break
          pages.current.delete(far)
          asked.current.delete(far)
        }
        setFound({ level, total: answer.total })
        setError(null)
        setVersion((version) => version + 1)
      } catch (cause) {
        asked.current.delete(page)
        if (mine === generation.current && !isCancelled(cause)) setError(shownError(cause))
      }
    },
    [jobId, level],
  )

  /** Asked again only when the log has grown and the page was not full. */
  const need = useCallback(
    (first: number, last: number) => {
      for (let page = Math.floor(Math.max(0, first) / pageLines); page <= Math.floor(Math.max(0, last) / pageLines); page++) {
        const full = pages.current.get(page)?.length === pageLines
        if (!full && asked.current.get(page) !== counts.total) void fetchPage(page, counts.total)
      }
    },
    [fetchPage, counts.total],
  )

  useEffect(() => {
    generation.current += 1
    pages.current.clear()
    asked.current.clear()
    void fetchPage(0, -1)
  }, [fetchPage])

  const lineAt = useCallback((index: number) => pages.current.get(Math.floor(index / pageLines))?.[index % pageLines], [])
  return { total, error, lineAt, need }
}
