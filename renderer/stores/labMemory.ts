// What the labs remember between visits, in the window's own storage.
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import type { Exercise, ExerciseDone } from '../../shared/contracts/practice'
import { type CopyLabMemory, copyLabMemory } from '../screens/Practice/copyLabSteps'
import { type LabMemory, labMemory } from '../screens/Practice/labSteps'
import { type ExerciseMemory, exerciseMemory } from '../screens/Practice/physicalFacts'
import { careful } from './storage'

const labIds = ['first', 'copy', 'standalone', 'stream', 'accident', 'drill'] as const
export type LabId = (typeof labIds)[number]

interface LabState {
  /** The lab that is open. */
  chosen: LabId
  firstSteps: LabMemory | null
  copy: CopyLabMemory | null
  exercises: ExerciseMemory
  /** The time of the drill whose report was saved; '' for none. */
  reported: string
  choose: (lab: LabId) => void
  remember: (memory: LabMemory | null) => void
  rememberCopy: (memory: CopyLabMemory | null) => void
  rememberExercise: (done: ExerciseDone) => void
  forgetExercises: (exercises: readonly Exercise[]) => void
  report: (at: string) => void
}

const stored = z
  .object({ chosen: z.unknown(), firstSteps: z.unknown(), copy: z.unknown(), exercises: z.unknown(), reported: z.unknown() })
  .partial()

export const useLabMemory = create<LabState>()(
  persist(
    (set) => ({
      chosen: 'first',
      firstSteps: null,
      copy: null,
      exercises: {},
      reported: '',
      choose: (lab) => set({ chosen: lab }),
      remember: (memory) => set({ firstSteps: memory }),
      rememberCopy: (memory) => set({ copy: memory }),
      rememberExercise: (done) => set(({ exercises }) => ({ exercises: { ...exercises, [done.exercise]: done } })),
      forgetExercises: (forgotten) =>
        set(({ exercises }) => ({
          exercises: { ...exercises, ...Object.fromEntries(forgotten.map((one) => [one, undefined])) },
        })),
      report: (at) => set({ reported: at }),
    }),
    {
      name: 'walkback-labs',
      version: 1,
      storage: createJSONStorage(() => careful(window.localStorage)),
      partialize: ({ chosen, firstSteps, copy, exercises, reported }) => ({ chosen, firstSteps, copy, exercises, reported }),
      // Damaged or of an older shape: that lab begins again, nothing else depends on it.
      merge: (value, current) => {
        const kept = stored.safeParse(value).data
        return {
          ...current,
          chosen: z.enum(labIds).safeParse(kept?.chosen).data ?? current.chosen,
          firstSteps: labMemory.safeParse(kept?.firstSteps).data ?? null,
          copy: copyLabMemory.safeParse(kept?.copy).data ?? null,
          exercises: exerciseMemory.safeParse(kept?.exercises).data ?? {},
          reported: z.string().safeParse(kept?.reported).data ?? '',
        }
      },
    },
  ),
)
