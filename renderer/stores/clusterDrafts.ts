// The drafts of the wizards about whole clusters, kept as those of single databases are.

import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { type ClusterDraft, clusterDraft, emptyClusterDraft } from '../wizards/clusterDump/draft'
import { emptySetDraft, type SetDraft, setDraft } from '../wizards/clusterRestore/draft'
import { careful } from './storage'

interface ClusterDrafts {
  /** By connection. */
  dump: Readonly<Record<string, ClusterDraft>>
  restore: SetDraft
  setDump(connectionId: string, draft: ClusterDraft): void
  setRestore(draft: SetDraft): void
}

const stored = z.object({ dump: z.record(z.string(), z.unknown()), restore: z.unknown() }).partial()

/** One that is damaged, or of an older shape, starts over, and takes no other with it. */
export function readClusterDrafts(value: unknown): { dump: Record<string, ClusterDraft>; restore: SetDraft } {
  const parsed = stored.safeParse(value)
  const dump: Record<string, ClusterDraft> = {}
  for (const [connectionId, entry] of Object.entries(parsed.data?.dump ?? {})) {
    const draft = clusterDraft.safeParse(entry)
    if (draft.success) dump[connectionId] = draft.data
  }
  return { dump, restore: setDraft.safeParse(parsed.data?.restore).data ?? emptySetDraft }
}

export const useClusterDrafts = create<ClusterDrafts>()(
  persist(
    (set) => ({
      dump: {},
      restore: emptySetDraft,
      setDump: (connectionId, draft) => set((state) => ({ dump: { ...state.dump, [connectionId]: draft } })),
      setRestore: (draft) => set({ restore: draft }),
    }),
    {
      name: 'walkback-cluster-drafts',
      version: 1,
      storage: createJSONStorage(() => careful(window.localStorage)),
      partialize: ({ dump, restore }) => ({ dump, restore }),
      merge: (value, current) => ({ ...current, ...readClusterDrafts(value) }),
    },
  ),
)

export function clusterDraftOf(drafts: Pick<ClusterDrafts, 'dump'>, connectionId: string): ClusterDraft {
  return drafts.dump[connectionId] ?? emptyClusterDraft
}
