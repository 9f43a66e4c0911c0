// The draft of a file archive: of which server, where, and how, kept over leaving the page; and how it becomes a request.
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import type { FileArchiveRequest } from '../../../shared/contracts/walArchiveFile'
import { careful } from '../../stores/storage'

export const fileSteps = ['server', 'archive', 'review'] as const
export type FileStep = (typeof fileSteps)[number]

/** null means "not changed": what the core suggests for this server counts. */
export const fileDraft = z.object({
  step: z.enum(fileSteps),
  connectionId: z.string().max(100),
  folder: z.string().max(4096).nullable(),
  folderHere: z.string().max(4096),
  /** Seconds, as typed. */
  timeout: z.string().max(20).nullable(),
  replace: z.boolean(),
  check: z.boolean(),
  restart: z.enum(['later', 'now']).nullable(),
  confirm: z.string().max(200),
})

export type FileDraft = z.infer<typeof fileDraft>

export const emptyFileDraft: FileDraft = {
  step: 'server',
  connectionId: '',
  folder: null,
  folderHere: '',
  timeout: null,
  replace: false,
  check: true,
  restart: null,
  confirm: '',
}

/** What api.walArchiveFile.prepare says, as far as a draft needs it. */
export interface FileBase {
  suggestedFolder: string
  archiveTimeout: number
  restart: { here: boolean }
}

export const folderOf = (draft: FileDraft, base: FileBase) => draft.folder ?? base.suggestedFolder
export const timeoutOf = (draft: FileDraft, base: FileBase) => draft.timeout ?? String(base.archiveTimeout)
export const restartOf = (draft: FileDraft, base: FileBase) => draft.restart ?? (base.restart.here ? 'now' : 'later')

export function timeoutProblem(text: string): string {
  if (!/^\d+$/.test(text.trim())) return 'A number of seconds; 0 for never.'
  return Number(text) > 1_073_741_823 ? 'PostgreSQL takes at most 1073741823 seconds.' : ''
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function fileStepProblem(draft: FileDraft, base: FileBase | undefined, step: FileStep): string {
  if (draft.connectionId === '') return 'Choose a server first'
  if (base === undefined) return 'Waiting for the server'
  if (step === 'server') return ''
  if (folderOf(draft, base).trim() === '') return 'Name the folder of the archive'
  return timeoutProblem(timeoutOf(draft, base)) === '' ? '' : 'Correct archive_timeout'
}

export function reachableFileStep(draft: FileDraft, base: FileBase | undefined, wanted: FileStep): FileStep {
  for (const step of fileSteps.slice(0, fileSteps.indexOf(wanted))) if (fileStepProblem(draft, base, step) !== '') return step
  return wanted
}

export function fileRequestOf(draft: FileDraft, base: FileBase | undefined): FileArchiveRequest | undefined {
  if (base === undefined || fileStepProblem(draft, base, 'archive') !== '') return undefined
  const { connectionId, folderHere, replace, check, confirm } = draft
  return {
    connectionId,
    folder: folderOf(draft, base).trim(),
    folderHere: folderHere.trim(),
    archiveTimeout: Number(timeoutOf(draft, base)),
    replace,
    check,
    restart: restartOf(draft, base),
    confirm,
  }
}

interface KeptDraft {
  draft: FileDraft
  setDraft(draft: FileDraft): void
}

export const useFileDraft = create<KeptDraft>()(
  persist((set) => ({ draft: emptyFileDraft, setDraft: (draft) => set({ draft }) }), {
    name: 'walkback-draft-wal-file',
    version: 1,
    storage: createJSONStorage(() => careful(window.localStorage)),
    partialize: ({ draft }) => ({ draft: { ...draft, confirm: '' } }),
    merge: (value, current) => {
      const kept = z.object({ draft: fileDraft }).safeParse(value)
      return kept.success ? { ...current, draft: kept.data.draft } : current
    },
  }),
)
