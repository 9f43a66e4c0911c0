// How fast a job moves and how long it still takes, worked out from the progress it reports.
import type { JobProgress } from '../../shared/jobs/job'

interface Sample {
  /** Milliseconds since 1970 on this machine. */
  at: number
  done: number
}

export interface Pace {
  unit: JobProgress['unit']
  total: number | null
  /** The last half minute, oldest first. */
  samples: readonly Sample[]
  /** Rates per second, at most one every half second, oldest first. */
  history: readonly number[]
  historyAt: number
  /** Smoothed, at `leftAt`; null until there is enough to say. */
  secondsLeft: number | null
  leftAt: number
}

const windowMs = 30_000
const rateWindowMs = 10_000
const historyStepMs = 500
const historyLength = 90
/** Of each second's new estimate this much is believed. */
const believedPerSecond = 0.2
/** No estimate before so much has been seen. */
const minimumSeenMs = 2_000

function begin(progress: JobProgress, at: number): Pace {
  const first = { at, done: progress.done }
  return {
    unit: progress.unit,
    total: progress.total,
    samples: [first],
    history: [],
    historyAt: at,
    secondsLeft: null,
    leftAt: at,
  }
}

/** Per second over the last ten seconds up to `now`: it falls by itself while nothing comes. */
export function rateAt(pace: Pace, now: number): number | null {
  const last = pace.samples[pace.samples.length - 1]
  if (!last) return null
  const first = pace.samples.find((sample) => sample.at >= now - rateWindowMs)
  if (!first) return 0
  // The sample before the window says where the window began.
  const start = pace.samples[pace.samples.indexOf(first) - 1] ?? first
  const seconds = (now - start.at) / 1000
  return seconds < 0.4 ? null : Math.max(0, (last.done - start.done) / seconds)
}

/** A new unit or an amount that went back means a new phase: everything starts over. */
export function updatePace(pace: Pace | undefined, progress: JobProgress | null, at: number): Pace | undefined {
  if (progress === null) return undefined
  const last = pace?.samples[pace.samples.length - 1]
  if (!pace || !last || pace.unit !== progress.unit || progress.done < last.done) return begin(progress, at)
  if (at <= last.at) return pace
  const samples = [...pace.samples.filter((sample) => sample.at >= at - windowMs), { at, done: progress.done }]
  const next: Pace = { ...pace, total: progress.total, samples }
  const sinceHistory = at - pace.historyAt
  if (sinceHistory >= historyStepMs) {
    const rate = rateAt({ ...next, samples: samples.slice(-4) }, at) ?? 0
    next.history = [...pace.history, rate].slice(-historyLength)
    next.historyAt = at
  }
  const rate = rateAt(next, at)
  const seen = at - (samples[0]?.at ?? at)
  if (progress.total === null || rate === null || rate <= 0 || seen < minimumSeenMs) return next
  const estimate = Math.max(0, progress.total - progress.done) / rate
  if (pace.secondsLeft === null) return { ...next, secondsLeft: estimate, leftAt: at }
  const elapsed = (at - pace.leftAt) / 1000
  const expected = Math.max(0, pace.secondsLeft - elapsed)
  const believed = 1 - (1 - believedPerSecond) ** elapsed
  return { ...next, secondsLeft: expected + (estimate - expected) * believed, leftAt: at }
}

/** Counts down between reports; null when not known or when nothing has moved for ten seconds. */
export function secondsLeftAt(pace: Pace, now: number): number | null {
  const last = pace.samples[pace.samples.length - 1]
  if (pace.secondsLeft === null || !last || now - last.at > rateWindowMs) return null
  return Math.max(0, pace.secondsLeft - (now - pace.leftAt) / 1000)
}
