// The drafts of base backups, kept as those of dumps are.
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { type BaseDraft, baseDraft, emptyBaseDraft } from '../wizards/baseBackup/draft'
import { careful } from './storage'

interface BaseDrafts {
  /** By connection. */
  base: Readonly<Record<string, BaseDraft>>
  setBase(connectionId: string, draft: BaseDraft): void
}

const stored = z.object({ base: z.record(z.string(), z.unknown()) }).partial()

/** One that is damaged, or of an older shape, starts over, and takes no other with it. */
export function readBaseDrafts(value: unknown): { base: Record<string, BaseDraft> } {
  const parsed = stored.safeParse(value)
  const base: Record<string, BaseDraft> = {}
  for (const [connectionId, entry] of Object.entries(parsed.data?.base ?? {})) {
    const draft = baseDraft.safeParse(entry)
    if (draft.success) base[connectionId] = draft.data
  }
  return { base }
}

export const useBaseDrafts = create<BaseDrafts>()(
  persist(
    (set) => ({
      base: {},
      setBase: (connectionId, draft) => set((state) => ({ base: { ...state.base, [connectionId]: draft } })),
    }),
    {
      name: 'walkback-base-drafts',
      version: 1,
      storage: createJSONStorage(() => careful(window.localStorage)),
      partialize: ({ base }) => ({ base }),
      merge: (value, current) => ({ ...current, ...readBaseDrafts(value) }),
    },
  ),
)

export function baseDraftOf(drafts: Pick<BaseDrafts, 'base'>, connectionId: string): BaseDraft {
  return drafts.base[connectionId] ?? emptyBaseDraft
}
