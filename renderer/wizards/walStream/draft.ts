// The draft of a streaming archive: of which server, where, through which slot, and how; and how it becomes a request.
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import type { StreamArchiveRequest } from '../../../shared/contracts/walArchiveStream'
import { careful } from '../../stores/storage'

export const streamSteps = ['server', 'archive', 'review'] as const
export type StreamStep = (typeof streamSteps)[number]

/** null means "not changed": what the core suggests for this server counts. */
export const streamDraft = z.object({
  step: z.enum(streamSteps),
  connectionId: z.string().max(100),
  folder: z.string().max(4096).nullable(),
  slot: z.string().max(200).nullable(),
  compress: z.string().max(40),
  synchronous: z.boolean(),
  unlimited: z.boolean(),
})

export type StreamDraft = z.infer<typeof streamDraft>

export const emptyStreamDraft: StreamDraft = {
  step: 'server',
  connectionId: '',
  folder: null,
  slot: null,
  compress: '',
  synchronous: false,
  unlimited: false,
}

/** What api.walArchiveStream.prepare says, as far as a draft needs it. */
export interface StreamBase {
  suggestedFolder: string
  suggestedSlot: string
}

export const folderOf = (draft: StreamDraft, base: StreamBase) => draft.folder ?? base.suggestedFolder
export const slotOf = (draft: StreamDraft, base: StreamBase) => draft.slot ?? base.suggestedSlot

/** As PostgreSQL names slots (ReplicationSlotValidateName). */
export function slotProblem(slot: string): string {
  return /^[a-z0-9_]{1,63}$/.test(slot) ? '' : 'Lower case letters, digits and underscores, at most 63.'
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function streamStepProblem(draft: StreamDraft, base: StreamBase | undefined, step: StreamStep): string {
  if (draft.connectionId === '') return 'Choose a server first'
  if (base === undefined) return 'Waiting for the server'
  if (step === 'server') return ''
  if (folderOf(draft, base).trim() === '') return 'Name the folder of the archive'
  return slotProblem(slotOf(draft, base)) === '' ? '' : "Correct the slot's name"
}

export function reachableStreamStep(draft: StreamDraft, base: StreamBase | undefined, wanted: StreamStep): StreamStep {
  for (const step of streamSteps.slice(0, streamSteps.indexOf(wanted)))
    if (streamStepProblem(draft, base, step) !== '') return step
  return wanted
}

export function streamRequestOf(draft: StreamDraft, base: StreamBase | undefined): StreamArchiveRequest | undefined {
  if (base === undefined || streamStepProblem(draft, base, 'archive') !== '') return undefined
  const { connectionId, compress, synchronous, unlimited } = draft
  return { connectionId, folder: folderOf(draft, base).trim(), slot: slotOf(draft, base), compress, synchronous, unlimited }
}

interface KeptDraft {
  draft: StreamDraft
  setDraft(draft: StreamDraft): void
}

export const useStreamDraft = create<KeptDraft>()(
  persist((set) => ({ draft: emptyStreamDraft, setDraft: (draft) => set({ draft }) }), {
    name: 'walkback-draft-wal-stream',
    version: 1,
    storage: createJSONStorage(() => careful(window.localStorage)),
    partialize: ({ draft }) => ({ draft }),
    merge: (value, current) => {
      const kept = z.object({ draft: streamDraft }).safeParse(value)
      return kept.success ? { ...current, draft: kept.data.draft } : current
    },
  }),
)
