// The draft of a recovery to a moment, kept as those of the other wizards are.
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { emptyPointDraft, type PointDraft, pointDraft } from '../wizards/recoveryPoint/draft'
import { careful } from './storage'

interface PointDrafts {
  point: PointDraft
  setPoint(draft: PointDraft): void
}

const stored = z.object({ point: z.unknown() }).partial()

/** One that is damaged, or of an older shape, starts over. */
export function readPointDraft(value: unknown): PointDraft {
  return pointDraft.safeParse(stored.safeParse(value).data?.point).data ?? emptyPointDraft
}

export const usePointDraft = create<PointDrafts>()(
  persist((set) => ({ point: emptyPointDraft, setPoint: (draft) => set({ point: draft }) }), {
    name: 'walkback-point-draft',
    version: 1,
    storage: createJSONStorage(() => careful(window.localStorage)),
    partialize: ({ point }) => ({ point }),
    merge: (value, current) => ({ ...current, point: readPointDraft(value) }),
  }),
)
