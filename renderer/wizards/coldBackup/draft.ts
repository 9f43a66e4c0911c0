// The draft of a cold backup: which cluster, what comes along and where it goes, kept over leaving the page.
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { type ColdBackupRequest, coldBackupRequest } from '../../../shared/contracts/coldBackup'
import type { LocalClusterInfo } from '../../../shared/contracts/localClusters'
import { careful } from '../../stores/storage'
import { isAbsolutePath } from '../dump/draft'

export const coldSteps = ['cluster', 'options', 'review'] as const
export type ColdStep = (typeof coldSteps)[number]

/** null means "not changed". Holds no secret. */
export const coldDraft = z.object({
  step: z.enum(coldSteps),
  /** '' while none is chosen. */
  dataDirectory: z.string().max(4096),
  configuration: z.boolean(),
  pageChecksums: z.boolean(),
  library: z.string().max(4096).nullable(),
  label: z.string().max(200),
})

export type ColdDraft = z.infer<typeof coldDraft>

export const emptyColdDraft: ColdDraft = {
  step: 'cluster',
  dataDirectory: '',
  configuration: true,
  pageChecksums: true,
  library: null,
  label: '',
}

/** What api.coldBackup.prepare says, as far as a draft needs it. */
export interface ColdBase {
  cluster: Pick<LocalClusterInfo, 'name' | 'running'>
  libraries: readonly { path: string }[]
}

export function coldLibrary(draft: ColdDraft, base: ColdBase): string {
  return draft.library ?? base.libraries[0]?.path ?? ''
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function coldStepProblem(draft: ColdDraft, base: ColdBase | undefined, step: ColdStep): string {
  if (draft.dataDirectory === '') return 'Choose a cluster first'
  if (base === undefined) return 'Looking at the cluster'
  if (base.cluster.running) return `${base.cluster.name} runs: stop it, or take a base backup`
  if (step === 'cluster') return ''
  const library = coldLibrary(draft, base)
  if (library === '') return 'Choose the folder to keep the backup in'
  if (!isAbsolutePath(library)) return 'The folder needs an absolute path'
  return ''
}

/** The first step before `wanted` that can't be left yet, else `wanted`. */
export function reachableColdStep(draft: ColdDraft, base: ColdBase | undefined, wanted: ColdStep): ColdStep {
  for (const step of coldSteps.slice(0, coldSteps.indexOf(wanted))) {
    if (coldStepProblem(draft, base, step) !== '') return step
  }
  return wanted
}

export function coldRequestOf(draft: ColdDraft, base: ColdBase | undefined): ColdBackupRequest | undefined {
  if (base === undefined || coldStepProblem(draft, base, 'options') !== '') return undefined
  const { dataDirectory, configuration, pageChecksums, label } = draft
  return { dataDirectory, configuration, pageChecksums, library: coldLibrary(draft, base), label: label.trim() }
}

/** A past job's request as a draft, to edit and run; undefined when it is not one. */
export function draftOfColdJob(input: unknown): ColdDraft | undefined {
  const parsed = coldBackupRequest.safeParse(input)
  return parsed.success ? { step: 'review', ...parsed.data } : undefined
}

interface KeptDraft {
  draft: ColdDraft
  setDraft(draft: ColdDraft): void
}

export const useColdDraft = create<KeptDraft>()(
  persist((set) => ({ draft: emptyColdDraft, setDraft: (draft) => set({ draft }) }), {
    name: 'walkback-draft-cold',
    version: 1,
    storage: createJSONStorage(() => careful(window.localStorage)),
    partialize: ({ draft }) => ({ draft }),
    merge: (value, current) => {
      const kept = z.object({ draft: coldDraft }).safeParse(value)
      return kept.success ? { ...current, draft: kept.data.draft } : current
    },
  }),
)
