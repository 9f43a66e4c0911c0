// The draft of a recovery, kept as those of the other wizards are.
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { emptyRecoveryDraft, type RecoveryDraft, recoveryDraft } from '../wizards/recovery/draft'
import { careful } from './storage'

interface RecoveryDrafts {
  standalone: RecoveryDraft
  setStandalone(draft: RecoveryDraft): void
}

const stored = z.object({ standalone: z.unknown() }).partial()

export const useRecoveryDraft = create<RecoveryDrafts>()(
  persist((set) => ({ standalone: emptyRecoveryDraft, setStandalone: (draft) => set({ standalone: draft }) }), {
    name: 'walkback-recovery-draft',
    version: 1,
    storage: createJSONStorage(() => careful(window.localStorage)),
    partialize: ({ standalone }) => ({ standalone }),
    // One that is damaged, or of an older shape, starts over.
    merge: (value, current) => ({
      ...current,
      standalone: recoveryDraft.safeParse(stored.safeParse(value).data?.standalone).data ?? emptyRecoveryDraft,
    }),
  }),
)
