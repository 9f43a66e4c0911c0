// The lab "COPY out and in": each step's state, found from what the server, the jobs and the file say. Pure.
import { z } from 'zod'
import type { PracticeCluster } from '../../../shared/contracts/practice'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { copiedIn, copiedOut } from '../../wizards/copy/jobInput'
import type { LabStepState } from './LabStepList'

/** The practice cluster's small database: row 2 of its table holds the empty string, row 3 holds NULL. */
export const courseDatabase = 'course'
export const courseTable = { schema: 'public', name: 't' } as const

export type Rows = readonly (readonly (string | null)[])[]

/**
 * What was seen and can't be asked for again: the file as it was read. It belongs to one cluster, by its system
 * identifier, and to one file.
 */
export const copyLabMemory = z.object({
  systemIdentifier: z.string(),
  file: z.string(),
  rows: z.array(z.array(z.string().nullable())),
  /** The beginning of the file as it is. */
  text: z.string(),
})
export type CopyLabMemory = z.infer<typeof copyLabMemory>

export interface CopyLabFacts {
  main: PracticeCluster | undefined
  /** Rows of the course's table; null while not known or not there. */
  source: Rows | null
  /** Rows of the table that the file was copied into. */
  target: Rows | null
  jobs: readonly JobSnapshot[]
}

export const copyLabStepIds = ['make', 'out', 'look', 'in', 'see'] as const
export type CopyLabStepId = (typeof copyLabStepIds)[number]

const good = ({ state }: JobSnapshot) => state === 'succeeded' || state === 'succeeded_with_warnings'

/** The newest export of the course's table to a file of this machine, by a job on this very cluster. */
export function exportOf({ main, jobs }: CopyLabFacts): { file: string; at: string } | undefined {
  for (const job of jobs.filter(good)) {
    const out = copiedOut(job)
    if (out === undefined || job.connectionId !== main?.connectionId) continue
    if (out.database !== courseDatabase || out.schema !== courseTable.schema || out.table !== courseTable.name) continue
    return { file: out.file, at: job.endedAt ?? job.createdAt }
  }
  return undefined
}

/** The newest import of that file into the course's database, after it was written. */
export function importOf(facts: CopyLabFacts): { schema: string; table: string } | undefined {
  const out = exportOf(facts)
  if (out === undefined) return undefined
  for (const job of facts.jobs.filter(good)) {
    const into = copiedIn(job)
    if (into === undefined || job.connectionId !== facts.main?.connectionId) continue
    if (into.database === courseDatabase && into.file === out.file && job.createdAt >= out.at) return into
  }
  return undefined
}

export function copyMemoryFor(facts: CopyLabFacts, memory: CopyLabMemory | null): CopyLabMemory | null {
  if (memory === null || facts.main?.systemIdentifier == null) return null
  if (memory.systemIdentifier !== facts.main.systemIdentifier) return null
  return memory.file === exportOf(facts)?.file ? memory : null
}

/** '' when the target holds each row of the source, each as often as the others; else what is different, in words. */
export function rowsDiffer(source: Rows, target: Rows): string {
  const count = (rows: Rows) => {
    const counts = new Map<string, number>()
    for (const row of rows) counts.set(JSON.stringify(row), (counts.get(JSON.stringify(row)) ?? 0) + 1)
    return counts
  }
  const [want, have] = [count(source), count(target)]
  const lost = [...want.keys()].find((row) => !have.has(row))
  if (lost !== undefined) return `the row ${describeRow(lost)} is missing`
  const strange = [...have.keys()].find((row) => !want.has(row))
  return strange === undefined ? '' : `the row ${describeRow(strange)} was not in the file`
}

function describeRow(json: string): string {
  const row = z.array(z.string().nullable()).parse(JSON.parse(json))
  return row.map((value) => (value === null ? 'NULL' : value === '' ? "''" : value)).join(' | ')
}

function describe(rows: Rows): string {
  const values = rows.flat()
  const nulls = values.filter((value) => value === null).length
  const empties = values.filter((value) => value === '').length
  const words = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`
  return `${words(rows.length, 'row')}, ${words(empties, 'empty string')}, ${nulls} NULL`
}

export function copyLabSteps(facts: CopyLabFacts, remembered: CopyLabMemory | null): LabStepState<CopyLabStepId>[] {
  const out = exportOf(facts)
  const into = importOf(facts)
  const memory = copyMemoryFor(facts, remembered)
  const made = facts.main?.state === 'running' && facts.source !== null
  const difference = into && facts.target && memory ? rowsDiffer(memory.rows, facts.target) : ''
  const kept = memory?.rows.flat() ?? []
  // A file in which one of the two was lost proves nothing: it is shown as odd.
  const apart = kept.includes('') && kept.includes(null)
  const found: Record<CopyLabStepId, string> = {
    make: made && facts.source ? `${describe(facts.source)} in ${courseDatabase}, table ${courseTable.name}` : '',
    out: out?.file ?? '',
    look: memory === null ? '' : apart ? describe(memory.rows) : `${describe(memory.rows)}; the file does not tell the two apart`,
    in: into ? `${into.schema}.${into.table}` : '',
    see: '',
  }
  if (into && facts.target && memory) {
    found.see = difference === '' ? `${describe(facts.target)}: every value as it was` : difference
  }
  const done: Record<CopyLabStepId, boolean> = {
    make: made,
    out: found.out !== '',
    look: memory !== null && apart,
    in: found.in !== '',
    see: found.see !== '' && difference === '',
  }
  const current = copyLabStepIds.find((id) => !done[id])
  return copyLabStepIds.map((id) => ({
    id,
    state: done[id] ? 'done' : id === current ? 'current' : 'todo',
    found: found[id],
    odd: (id === 'see' && difference !== '') || (id === 'look' && memory !== null && !apart),
  }))
}
