// Finds a text in a job's whole log, on the core's side, and steps through the lines that hold it.
import { useEffect, useState } from 'react'
import { isCancelled } from '../../format/errors'
import { api } from '../../rpc/api'

export interface LogSearch {
  text: string
  setText: (text: string) => void
  /** Line numbers, the first 10,000. */
  lines: readonly number[]
  total: number
  /** Index into `lines`; -1 when nothing is found. */
  at: number
  step: (by: 1 | -1) => void
  busy: boolean
}

/** While a job writes, the search is done again at most this often. */
const againMs = 2_000

/** One object each: an effect below depends on what it sets, and a new one every time would never come to rest. */
const nothingFound: { lines: readonly number[]; total: number } = { lines: [], total: 0 }
const nothingSearched = { text: '', total: 0, when: 0 }

export function useLogSearch(jobId: string, logTotal: number): LogSearch {
  const [text, setText] = useState('')
  const [found, setFound] = useState(nothingFound)
  const [at, setAt] = useState(-1)
  const [busy, setBusy] = useState(false)
  const generation = text === '' ? 0 : logTotal
  const [searched, setSearched] = useState(nothingSearched)

  useEffect(() => {
    if (text === '') {
      setFound(nothingFound)
      setAt(-1)
      setSearched(nothingSearched)
      return
    }
    if (searched.text === text && searched.total === generation) return
    const leaving = new AbortController()
    const delay = searched.text === text ? Math.max(0, searched.when + againMs - Date.now()) : 200
    const timer = setTimeout(async () => {
      setBusy(true)
      try {
        const next = await api.jobs.searchLog({ jobId, text }, { signal: leaving.signal })
        setFound(next)
        setAt((before) => (searched.text === text && before >= 0 ? before : next.lines.length > 0 ? 0 : -1))
      } catch (error) {
        if (!isCancelled(error)) setFound(nothingFound)
      } finally {
        setBusy(false)
        if (!leaving.signal.aborted) setSearched({ text, total: generation, when: Date.now() })
      }
    }, delay)
    return () => {
      clearTimeout(timer)
      leaving.abort()
    }
  }, [jobId, text, generation, searched])

  const step = (by: 1 | -1) => {
    const count = found.lines.length
    if (count > 0) setAt((before) => (before + by + count) % count)
  }
  return { text, setText, ...found, at, step, busy }
}
