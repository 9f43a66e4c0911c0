// The lab "First steps": each step's state, found from what the servers, the library and the jobs say.
import { z } from 'zod'
import type { CatalogEntry } from '../../../shared/contracts/backups'
import type { PracticeCluster } from '../../../shared/contracts/practice'
import type { JobSnapshot } from '../../../shared/jobs/job'

export const sampleDatabase = 'shop'

/** Rows by qualified table name, exact. */
export const rowCounts = z.record(z.string(), z.string())
export type RowCounts = z.infer<typeof rowCounts>

/** The first rows of one table, as text. */
export const rowSample = z.object({ table: z.string(), lines: z.array(z.string()) })
export type RowSample = z.infer<typeof rowSample>

/**
 * What was seen and can't be asked for again: the rows as they were before, and that the database was gone. It belongs
 * to one cluster, by its system identifier, so that a cluster made again starts the lab again.
 */
export const labMemory = z.object({
  systemIdentifier: z.string(),
  looked: z.object({ at: z.iso.datetime(), counts: rowCounts, sample: rowSample }).nullable(),
  goneAt: z.iso.datetime().nullable(),
})
export type LabMemory = z.infer<typeof labMemory>

export interface LabFacts {
  main: PracticeCluster | undefined
  /** null while the server was not asked, or can't be. */
  databases: readonly string[] | null
  counts: RowCounts | null
  backups: readonly CatalogEntry[]
  jobs: readonly JobSnapshot[]
}

export const labStepIds = ['make', 'look', 'dump', 'drop', 'restore', 'compare'] as const
export type LabStepId = (typeof labStepIds)[number]

export interface LabStep {
  id: LabStepId
  state: 'done' | 'current' | 'todo'
  /** What proves it; '' when nothing does yet. */
  found: string
  /** Something is not as expected: shown as a warning. */
  odd: boolean
}

/** The memory that belongs to this cluster; another cluster's does not count. */
export function memoryFor(main: PracticeCluster | undefined, memory: LabMemory | null): LabMemory | null {
  if (memory === null || main?.systemIdentifier == null) return null
  return memory.systemIdentifier === main.systemIdentifier ? memory : null
}

/** Notes that the sample database is gone, once there is a dump of it to restore. */
export function noteGone(facts: LabFacts, memory: LabMemory | null, now: string): LabMemory | null {
  const mine = memoryFor(facts.main, memory)
  const id = facts.main?.systemIdentifier
  if (id == null || facts.databases === null || facts.databases.includes(sampleDatabase)) return mine
  if (mine?.goneAt || dumpOf(facts) === undefined) return mine
  return { systemIdentifier: id, looked: mine?.looked ?? null, goneAt: now }
}

/** The newest dump of the sample database of this very cluster. */
export function dumpOf(facts: LabFacts): CatalogEntry | undefined {
  const id = facts.main?.systemIdentifier
  if (id == null) return undefined
  return facts.backups
    .filter(({ record }) => record.source.systemIdentifier === id && record.source.database === sampleDatabase)
    .sort((one, other) => other.record.endedAt.localeCompare(one.record.endedAt))[0]
}

function restoreOf(facts: LabFacts, goneAt: string | null | undefined): JobSnapshot | undefined {
  if (!goneAt) return undefined
  return facts.jobs.find(
    (job) =>
      job.capability === 'restore' &&
      job.connectionId === facts.main?.connectionId &&
      (job.state === 'succeeded' || job.state === 'succeeded_with_warnings') &&
      job.result?.database === sampleDatabase &&
      (job.startedAt ?? '') >= goneAt,
  )
}

export function totalRows(counts: RowCounts): bigint {
  return Object.values(counts).reduce((sum, count) => sum + BigInt(count), 0n)
}

/** '' when both hold the same tables with as many rows, else the first difference in words. */
export function countsDiffer(before: RowCounts, now: RowCounts): string {
  for (const table of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const [was, is] = [before[table], now[table]]
    if (was === is) continue
    if (is === undefined) return `${table} is missing, it had ${was} rows`
    if (was === undefined) return `${table} is new, with ${is} rows`
    return `${table} has ${is} rows, it had ${was}`
  }
  return ''
}

function describeCounts(counts: RowCounts): string {
  const tables = Object.keys(counts).length
  return `${totalRows(counts).toLocaleString('en')} rows in ${tables} ${tables === 1 ? 'table' : 'tables'}`
}

export function labSteps(facts: LabFacts, remembered: LabMemory | null): LabStep[] {
  const memory = memoryFor(facts.main, remembered)
  const running = facts.main?.state === 'running'
  const present = facts.databases?.includes(sampleDatabase) === true
  const dump = dumpOf(facts)
  const restored = restoreOf(facts, memory?.goneAt)
  const difference = memory?.looked && facts.counts && restored ? countsDiffer(memory.looked.counts, facts.counts) : ''
  const found: Record<LabStepId, string> = {
    make: running ? `main runs on port ${facts.main?.port}` : '',
    look: memory?.looked ? describeCounts(memory.looked.counts) : '',
    dump: dump === undefined ? '' : dump.path,
    drop: memory?.goneAt ? `${sampleDatabase} was gone` : '',
    restore: restored && present ? restored.title : '',
    compare: '',
  }
  if (restored && present && memory?.looked && facts.counts) {
    found.compare = difference === '' ? `${describeCounts(facts.counts)}, each table as many as before` : difference
  }
  const done: Record<LabStepId, boolean> = {
    make: running,
    look: found.look !== '',
    dump: found.dump !== '',
    drop: found.drop !== '',
    restore: found.restore !== '',
    compare: found.compare !== '' && difference === '',
  }
  const current = labStepIds.find((id) => !done[id])
  return labStepIds.map((id) => ({
    id,
    state: done[id] ? 'done' : id === current ? 'current' : 'todo',
    found: found[id],
    odd: id === 'compare' && difference !== '',
  }))
}
