// What a benchmark run collects: named values with the bound they must keep, written as JSON and printed as a table.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Measure {
  name: string
  value: number
  unit: string
  /** null: printed for comparison only. */
  bound: { max: number } | { min: number } | null
  ok: boolean
}

const measures: Measure[] = []
const file = fileURLToPath(new URL('latest.json', import.meta.url))

export function measure(name: string, value: number, unit: string, bound: Measure['bound']): Measure {
  const ok = bound === null || ('max' in bound ? value <= bound.max : value >= bound.min)
  const entry = { name, value: Number(value.toPrecision(4)), unit, bound, ok }
  measures.push(entry)
  console.log(`${ok ? 'ok    ' : 'BROKEN'} ${name}: ${entry.value} ${unit}`)
  return entry
}

/** Each file of benchmarks runs in a process of its own: what others have written stays. */
export function writeMeasures(): void {
  mkdirSync(dirname(file), { recursive: true })
  const before: Measure[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
  const others = before.filter(({ name }) => !measures.some((own) => own.name === name))
  writeFileSync(file, `${JSON.stringify([...others, ...measures], null, 2)}\n`)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Resident memory of one process in MB. */
export function residentMb(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1] ?? Number.NaN) / 1024
}

/** Milliseconds of one program run to its end with its output thrown away. */
export function timeProgram(file: string, args: readonly string[], env: Record<string, string>): number {
  const from = performance.now()
  execFileSync(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'ignore'] })
  return performance.now() - from
}
