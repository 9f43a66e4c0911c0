// What the labs remember between visits, in the window's own storage.
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { type CopyLabMemory, copyLabMemory } from '../screens/Practice/copyLabSteps'
import { type LabMemory, labMemory } from '../screens/Practice/labSteps'

const labIds = ['first', 'copy'] as const
export type LabId = (typeof labIds)[number]

interface LabState {
  /** The lab that is open. */
  chosen: LabId
  firstSteps: LabMemory | null
  copy: CopyLabMemory | null
  choose: (lab: LabId) => void
  remember: (memory: LabMemory | null) => void
  rememberCopy: (memory: CopyLabMemory | null) => void
}

const stored = z.object({ chosen: z.unknown(), firstSteps: z.unknown(), copy: z.unknown() }).partial()

export const useLabMemory = create<LabState>()(
  persist(
    (set) => ({
      chosen: 'first',
      firstSteps: null,
      copy: null,
      choose: (lab) => set({ chosen: lab }),
      remember: (memory) => set({ firstSteps: memory }),
      rememberCopy: (memory) => set({ copy: memory }),
    }),
    {
      name: 'walkback-labs',
      version: 1,
      storage: createJSONStorage(() => window.localStorage),
      partialize: ({ chosen, firstSteps, copy }) => ({ chosen, firstSteps, copy }),
      // Damaged or of an older shape: that lab begins again, nothing else depends on it.
      merge: (value, current) => {
        const kept = stored.safeParse(value).data
        return {
          ...current,
          chosen: z.enum(labIds).safeParse(kept?.chosen).data ?? current.chosen,
          firstSteps: labMemory.safeParse(kept?.firstSteps).data ?? null,
          copy: copyLabMemory.safeParse(kept?.copy).data ?? null,
        }
      },
    },
  ),
)
