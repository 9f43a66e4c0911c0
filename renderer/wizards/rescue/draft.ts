// The draft of a rescue: both sides, the chosen tables and how each comes back, kept over leaving the page.
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import {
  type RescueFacts,
  type RescuePrepared,
  type RescueRequest,
  type RescueSides,
  type RescueTable,
  rescueRequest,
  rescueWay,
} from '../../../shared/contracts/rescue'
import { nameProblem } from '../../../shared/model/rescueNames'
import { careful } from '../../stores/storage'

export const rescueSteps = ['tables', 'how', 'review'] as const
export type RescueStep = (typeof rescueSteps)[number]

/** null means "not changed": what the core suggests for this table counts. */
const choice = z.object({
  schema: z.string(),
  name: z.string(),
  way: rescueWay.nullable(),
  newName: z.string().max(4096).nullable(),
  keptName: z.string().max(4096).nullable(),
  key: z.string().nullable(),
  leaveOut: z.array(z.string()),
  skipTaken: z.boolean(),
  /** '' for the role that connects. */
  owner: z.string().nullable(),
})

export const rescueDraft = z.object({
  step: z.enum(rescueSteps),
  jobId: z.string().max(100),
  database: z.string().max(4096),
  live: z.string().max(100),
  liveDatabase: z.string().max(4096),
  /** The clock that names are made by; '' for that of this machine. */
  zone: z.string().max(100),
  tables: z.array(choice).max(500),
  triggers: z.enum(['quiet', 'fire']),
  lockSeconds: z.int().min(1).max(3600),
})

export type RescueDraft = z.infer<typeof rescueDraft>
export type RescueChoice = z.infer<typeof choice>

export const emptyRescueDraft: RescueDraft = {
  ...{ step: 'tables', jobId: '', database: '', live: '', liveDatabase: '', zone: '', tables: [] },
  ...{ triggers: 'quiet', lockSeconds: 5 },
}

export function choiceOf(schema: string, name: string): RescueChoice {
  return { schema, name, way: null, newName: null, keptName: null, key: null, leaveOut: [], skipTaken: false, owner: null }
}

const sameTable = (a: { schema: string; name: string }, b: { schema: string; name: string }) =>
  a.schema === b.schema && a.name === b.name

export const isChosen = (draft: RescueDraft, table: { schema: string; name: string }): boolean =>
  draft.tables.some((each) => sameTable(each, table))

export function toggleTable(draft: RescueDraft, { schema, name }: { schema: string; name: string }): RescueDraft {
  const without = draft.tables.filter((each) => !sameTable(each, { schema, name }))
  return { ...draft, tables: without.length < draft.tables.length ? without : [...without, choiceOf(schema, name)] }
}

export function changeTable(
  draft: RescueDraft,
  table: { schema: string; name: string },
  change: Partial<RescueChoice>,
): RescueDraft {
  return { ...draft, tables: draft.tables.map((each) => (sameTable(each, table) ? { ...each, ...change } : each)) }
}

/** Another database or server has other tables. */
export function changeSides(
  draft: RescueDraft,
  change: Partial<Pick<RescueDraft, 'database' | 'live' | 'liveDatabase'>>,
): RescueDraft {
  const next = { ...draft, ...change }
  return change.database !== undefined && change.database !== draft.database ? { ...next, tables: [] } : next
}

export function sidesOf({ jobId, database, live, liveDatabase }: RescueDraft): RescueSides | undefined {
  if (jobId === '' || database === '' || live === '' || liveDatabase === '') return undefined
  return { jobId, database, live, liveDatabase }
}

export const factsOf = (prepared: RescuePrepared | undefined, table: { schema: string; name: string }): RescueFacts | undefined =>
  prepared?.tables.find((each) => sameTable(each, table))

export function wayOf(each: RescueChoice, facts: RescueFacts): RescueTable['way'] {
  return each.way ?? facts.suggested
}

/** The choice with what was suggested filled in. */
export function tableRequestOf(each: RescueChoice, facts: RescueFacts): RescueTable {
  const way = wayOf(each, facts)
  const { schema, name, leaveOut, skipTaken } = each
  const newName = way === 'new' ? (each.newName ?? facts.newName) : way === 'replace' ? (each.keptName ?? facts.keptName) : ''
  const owner = way === 'dropped' ? each.owner : way === 'new' && each.owner !== '' ? each.owner : null
  return { schema, name, way, newName, key: way === 'missing' || way === 'replace' ? each.key : null, leaveOut, skipTaken, owner }
}

export function rescueRequestOf(
  draft: RescueDraft,
  prepared: RescuePrepared | undefined,
  confirm: string | null,
): RescueRequest | undefined {
  const sides = sidesOf(draft)
  if (!sides || !prepared || rescueStepProblem(draft, prepared, 'how') !== '') return undefined
  const tables = draft.tables.flatMap((each) => {
    const facts = factsOf(prepared, each)
    return facts ? [tableRequestOf(each, facts)] : []
  })
  return { ...sides, tables, triggers: draft.triggers, lockSeconds: draft.lockSeconds, confirm }
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function rescueStepProblem(draft: RescueDraft, prepared: RescuePrepared | undefined, step: RescueStep): string {
  if (draft.database === '') return 'Choose the recovered database'
  if (draft.live === '') return 'Choose the live server'
  if (draft.liveDatabase === '') return 'Choose the live database'
  if (draft.tables.length === 0) return 'Choose the tables to rescue'
  if (prepared !== undefined && prepared.problem !== '') return prepared.problem
  if (step === 'tables') return ''
  if (prepared === undefined) return 'Waiting for both servers'
  for (const each of draft.tables) {
    const facts = factsOf(prepared, each)
    if (!facts) return `Waiting for ${each.schema}.${each.name}`
    const table = tableRequestOf(each, facts)
    const problem = facts.ways.find(({ way }) => way === table.way)?.problem ?? ''
    if (problem !== '') return problem
    if (table.way === 'new' || table.way === 'replace') {
      const wrong = nameProblem(table.newName)
      if (wrong !== '') return wrong
    }
  }
  return ''
}

export function reachableRescueStep(draft: RescueDraft, prepared: RescuePrepared | undefined): RescueStep {
  for (const step of rescueSteps.slice(0, rescueSteps.indexOf(draft.step))) {
    if (rescueStepProblem(draft, prepared, step) !== '') return step
  }
  return draft.step
}

const tableList = z.array(z.tuple([z.string(), z.string()])).max(500)

/** What a link into the wizard carries; undefined when it says nothing new. */
export function draftOfLink(kept: RescueDraft, jobId: string, query: URLSearchParams, zone: string): RescueDraft | undefined {
  const [database, live, liveDatabase] = [query.get('database'), query.get('live'), query.get('liveDatabase')]
  const named = query.get('tables')
  if (kept.jobId === jobId && database === null && live === null && named === null) return undefined
  const base = kept.jobId === jobId ? kept : { ...emptyRescueDraft, jobId, zone }
  let tables = base.tables
  if (named !== null) {
    const parsed = tableList.safeParse(parseJson(named))
    if (parsed.success) tables = parsed.data.map(([schema, name]) => choiceOf(schema, name))
  }
  return {
    ...base,
    database: database ?? base.database,
    live: live ?? base.live,
    // The database of then is that of now, unless it is said otherwise.
    liveDatabase: liveDatabase ?? (base.liveDatabase || (database ?? '')),
    tables,
    step: named === null ? base.step : 'tables',
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // a link that was cut off: nothing is chosen
  }
}

/** A past job's request as a draft, to edit and run; undefined when it is none. */
export function draftOfRescueJob(input: unknown): RescueDraft | undefined {
  const parsed = rescueRequest.safeParse(input)
  if (!parsed.success) return undefined
  const { jobId, database, live, liveDatabase, tables, triggers, lockSeconds } = parsed.data
  return {
    ...{ ...emptyRescueDraft, step: 'how', jobId, database, live, liveDatabase, triggers, lockSeconds },
    // Names are made anew: those of then are taken now.
    tables: tables.map(({ newName: _name, ...table }) => ({ ...table, newName: null, keptName: null })),
  }
}

interface KeptDraft {
  draft: RescueDraft
  setDraft(draft: RescueDraft): void
}

export const useRescueDraft = create<KeptDraft>()(
  persist((set) => ({ draft: emptyRescueDraft, setDraft: (draft) => set({ draft }) }), {
    name: 'walkback-draft-rescue',
    version: 1,
    storage: createJSONStorage(() => careful(window.localStorage)),
    partialize: ({ draft }) => ({ draft }),
    merge: (value, current) => {
      const kept = z.object({ draft: rescueDraft }).safeParse(value)
      return kept.success ? { ...current, draft: kept.data.draft } : current
    },
  }),
)
