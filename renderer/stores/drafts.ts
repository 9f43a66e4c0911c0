// The wizards' drafts, kept over leaving a page and over a reload, in the window's own storage. They hold no secret.
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { type DumpDraft, dumpDraft, emptyDumpDraft } from '../wizards/dump/draft'
import { emptyRestoreDraft, type RestoreDraft, restoreDraft } from '../wizards/restore/draft'
import { careful } from './storage'

interface Drafts {
  /** By connection: each server has its own half-made dump. */
  dump: Readonly<Record<string, DumpDraft>>
  /** One: its source does not belong to a server, and its server is part of the draft. */
  restore: RestoreDraft
  setDump(connectionId: string, draft: DumpDraft): void
  setRestore(draft: RestoreDraft): void
}

const stored = z.object({ dump: z.unknown(), restore: z.unknown() }).partial()

/**
 * What an earlier run left, read entry by entry: one that is damaged, or of an older shape, is dropped and starts over,
 * and takes no other with it.
 */
export function readDrafts(value: unknown): { dump: Record<string, DumpDraft>; restore: RestoreDraft } {
  const parsed = stored.safeParse(value)
  const dump: Record<string, DumpDraft> = {}
  const drafts = z.record(z.string(), z.unknown()).safeParse(parsed.data?.dump)
  for (const [connectionId, entry] of Object.entries(drafts.data ?? {})) {
    const draft = dumpDraft.safeParse(entry)
    if (draft.success) dump[connectionId] = draft.data
  }
  const restore = restoreDraft.safeParse(parsed.data?.restore)
  return { dump, restore: restore.data ?? emptyRestoreDraft }
}

export const useDrafts = create<Drafts>()(
  persist(
    (set) => ({
      dump: {},
      restore: emptyRestoreDraft,
      setDump: (connectionId, draft) => set((state) => ({ dump: { ...state.dump, [connectionId]: draft } })),
      setRestore: (draft) => set({ restore: draft }),
    }),
    {
      name: 'walkback-drafts',
      version: 1,
      storage: createJSONStorage(() => careful(window.localStorage)),
      partialize: ({ dump, restore }) => ({ dump, restore }),
      merge: (value, current) => ({ ...current, ...readDrafts(value) }),
    },
  ),
)

export function dumpDraftOf(drafts: Pick<Drafts, 'dump'>, connectionId: string): DumpDraft {
  return drafts.dump[connectionId] ?? emptyDumpDraft
}
