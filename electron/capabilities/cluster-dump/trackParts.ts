// Adds up the progress of databases that are worked on beside each other, weighted by their size.
import type { JobProgress } from '../../../shared/jobs/job'

export interface PartsProgress {
  part(at: number, progress: JobProgress | null): void
  /** What one is at, by the id of its step. */
  phase(at: number, step: string): void
  done(at: number): void
  now(): JobProgress
}

/** Even an empty database is some work. */
const leastWeight = 1024 * 1024

const phaseWords: Readonly<Record<string, string>> = { read: 'reading', checksums: 'checksums', analyze: 'ANALYZE' }

/** A dump is three quarters writing, the rest reading it again: good enough for a bar. */
const phaseStart: Readonly<Record<string, number>> = { read: 0.75, checksums: 0.9, record: 0.98, analyze: 0.9, result: 0.98 }

export function trackParts(parts: readonly { name: string; weight: number }[]): PartsProgress {
  const states = parts.map(({ name, weight }) => ({
    name,
    weight: Math.max(weight, leastWeight),
    share: 0,
    phase: '',
    running: false,
  }))
  const total = states.reduce((sum, { weight }) => sum + weight, 0)
  return {
    part: (at, progress) => {
      const state = states[at]
      if (!state || !progress?.total || phaseStart[state.phase] !== undefined) return
      state.running = true
      state.share = Math.max(state.share, 0.75 * Math.min(1, progress.done / progress.total))
    },
    phase: (at, step) => {
      const state = states[at]
      if (!state) return
      state.phase = step
      state.running = true
      state.share = Math.max(state.share, phaseStart[step] ?? 0)
    },
    done: (at) => {
      const state = states[at]
      if (state) Object.assign(state, { share: 1, running: false })
    },
    now: () => ({
      done: Math.round(states.reduce((sum, { weight, share }) => sum + weight * share, 0)),
      total,
      unit: 'bytes',
      label: states
        .filter(({ running }) => running)
        .slice(0, 6)
        .map(({ name, share, phase }) => `${name} ${phaseWords[phase] ?? `${Math.floor(share * 100)} %`}`)
        .join(', '),
    }),
  }
}
