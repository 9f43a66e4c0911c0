// The draft of a cluster's dump: what is dumped, which databases, and how that and the server's defaults become a request.
import { z } from 'zod'
import { type ClusterDumpRequest, clusterDumpRequest } from '../../../shared/contracts/clusterDump'
import { optionValues } from '../../../shared/contracts/dump'
import { clusterContents } from '../../../shared/model/backupRecord'
import { changesFrom, effectiveValues, type PlainValues } from '../../wizard/optionState'
import { isAbsolutePath } from '../dump/draft'

export const clusterSteps = ['what', 'options', 'review'] as const
export type ClusterStep = (typeof clusterSteps)[number]

export const clusterWhats = ['set', ...clusterContents] as const
export type ClusterWhat = (typeof clusterWhats)[number]

/** null means "not changed". Holds no secret. */
export const clusterDraft = z.object({
  step: z.enum(clusterSteps),
  what: z.enum(clusterWhats),
  /** Ticked; null is every database that is no template. */
  databases: z.array(z.string().max(4096)).max(10_000).nullable(),
  atOnce: z.int().min(1).max(64).nullable(),
  rolePasswords: z.boolean(),
  /** Changes to the defaults of pg_dump, for a set. */
  setChanges: optionValues,
  /** Changes to the defaults of pg_dumpall, for a script. */
  scriptChanges: optionValues,
  library: z.string().max(4096).nullable(),
  label: z.string().max(200),
})

export type ClusterDraft = z.infer<typeof clusterDraft>

export const emptyClusterDraft: ClusterDraft = {
  step: 'what',
  what: 'set',
  databases: null,
  atOnce: null,
  rolePasswords: true,
  setChanges: {},
  scriptChanges: {},
  library: null,
  label: '',
}

/** What api.clusterDump.prepare says, as far as a draft needs it. */
export interface ClusterBase {
  databases: readonly { name: string; isTemplate: boolean; allowsConnections: boolean }[]
  libraries: readonly { path: string }[]
  script: { options: PlainValues }
  set: { options: PlainValues; atOnce: number }
}

export function chosenDatabases(draft: ClusterDraft, base: ClusterBase): string[] {
  const open = base.databases.filter(({ allowsConnections }) => allowsConnections)
  const wanted = draft.databases
  const chosen = wanted === null ? open.filter(({ isTemplate }) => !isTemplate) : open.filter(({ name }) => wanted.includes(name))
  return chosen.map(({ name }) => name)
}

export function tickDatabase(draft: ClusterDraft, base: ClusterBase, name: string, take: boolean): ClusterDraft {
  const rest = chosenDatabases(draft, base).filter((each) => each !== name)
  return { ...draft, databases: take ? [...rest, name] : rest }
}

export function clusterLibrary(draft: ClusterDraft, base: ClusterBase): string {
  return draft.library ?? base.libraries[0]?.path ?? ''
}

export function clusterOptions(draft: ClusterDraft, base: ClusterBase): PlainValues {
  return draft.what === 'set'
    ? effectiveValues(base.set.options, draft.setChanges)
    : effectiveValues(scriptDefaults(draft.what, base), draft.scriptChanges)
}

/** Roles and tablespaces alone are read without waiting for any table. */
export function scriptDefaults(what: ClusterWhat, base: ClusterBase): PlainValues {
  return what === 'cluster' ? base.script.options : {}
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function clusterStepProblem(draft: ClusterDraft, base: ClusterBase | undefined, step: ClusterStep): string {
  if (base === undefined) return 'Waiting for the server'
  if (draft.what === 'set' && chosenDatabases(draft, base).length === 0) return 'Choose at least one database'
  if (step === 'what') return ''
  const library = clusterLibrary(draft, base)
  if (library === '') return 'Choose the folder to keep the dump in'
  return isAbsolutePath(library) ? '' : 'The folder needs an absolute path'
}

export function reachableClusterStep(draft: ClusterDraft, base: ClusterBase | undefined, wanted: ClusterStep): ClusterStep {
  for (const step of clusterSteps.slice(0, clusterSteps.indexOf(wanted))) {
    if (clusterStepProblem(draft, base, step) !== '') return step
  }
  return wanted
}

export function clusterRequestOf(
  draft: ClusterDraft,
  base: ClusterBase | undefined,
  connectionId: string,
): ClusterDumpRequest | undefined {
  if (base === undefined || clusterStepProblem(draft, base, 'options') !== '') return undefined
  const common = {
    connectionId,
    options: clusterOptions(draft, base),
    library: clusterLibrary(draft, base),
    label: draft.label.trim(),
  }
  if (draft.what !== 'set') return { what: draft.what, ...common }
  const databases = chosenDatabases(draft, base)
  return { what: 'set', ...common, databases, atOnce: draft.atOnce ?? base.set.atOnce, rolePasswords: draft.rolePasswords }
}

/** A past job's request as a draft, to edit and run; undefined when it is not one. */
export function draftOfClusterJob(input: unknown, base: ClusterBase): ClusterDraft | undefined {
  const parsed = clusterDumpRequest.safeParse(input)
  if (!parsed.success) return undefined
  const { what, options, library, label } = parsed.data
  const common = { ...emptyClusterDraft, step: 'review' as const, what, library, label }
  if (parsed.data.what !== 'set') return { ...common, scriptChanges: changesFrom(scriptDefaults(what, base), options) }
  const { databases, atOnce, rolePasswords } = parsed.data
  return { ...common, databases, atOnce, rolePasswords, setChanges: changesFrom(base.set.options, options) }
}
