// The drafts of the three wizards that copy, by server, kept over leaving and reload. They hold no secret.
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { careful } from '../../stores/storage'
import { type ExportDraft, emptyExportDraft, exportDraft } from './exportDraft'
import { emptyImportDraft, type ImportDraft, importDraft } from './importDraft'
import { emptyTransferDraft, type TransferDraft, transferDraft } from './transferDraft'

type ByServer<D> = Readonly<Record<string, D>>

interface CopyDrafts {
  exports: ByServer<ExportDraft>
  imports: ByServer<ImportDraft>
  transfers: ByServer<TransferDraft>
  /** Where the last export went. */
  lastFolder: string
}

const stored = z
  .object({ exports: z.unknown(), imports: z.unknown(), transfers: z.unknown(), lastFolder: z.string().max(4096).catch('') })
  .partial()

/** An entry that is damaged, or of an older shape, is dropped and takes no other with it. */
function entries<D>(schema: z.ZodType<D>, value: unknown): Record<string, D> {
  const read: Record<string, D> = {}
  for (const [id, entry] of Object.entries(z.record(z.string(), z.unknown()).safeParse(value).data ?? {})) {
    const draft = schema.safeParse(entry)
    if (draft.success) read[id] = draft.data
  }
  return read
}

export function readCopyDrafts(value: unknown): CopyDrafts {
  const kept = stored.safeParse(value).data
  return {
    exports: entries(exportDraft, kept?.exports),
    imports: entries(importDraft, kept?.imports),
    transfers: entries(transferDraft, kept?.transfers),
    lastFolder: kept?.lastFolder ?? '',
  }
}

export const useCopyDrafts = create<CopyDrafts>()(
  persist((): CopyDrafts => ({ exports: {}, imports: {}, transfers: {}, lastFolder: '' }), {
    name: 'walkback-copy-drafts',
    version: 1,
    storage: createJSONStorage(() => careful(window.localStorage)),
    merge: (value, current) => ({ ...current, ...readCopyDrafts(value) }),
  }),
)

export const exportDraftOf = (state: CopyDrafts, id: string) => state.exports[id] ?? emptyExportDraft
export const importDraftOf = (state: CopyDrafts, id: string) => state.imports[id] ?? emptyImportDraft
export const transferDraftOf = (state: CopyDrafts, id: string) => state.transfers[id] ?? emptyTransferDraft

export function keepExport(id: string, draft: ExportDraft): void {
  useCopyDrafts.setState(({ exports }) => ({ exports: { ...exports, [id]: draft } }))
}
export function keepImport(id: string, draft: ImportDraft): void {
  useCopyDrafts.setState(({ imports }) => ({ imports: { ...imports, [id]: draft } }))
}
export function keepTransfer(id: string, draft: TransferDraft): void {
  useCopyDrafts.setState(({ transfers }) => ({ transfers: { ...transfers, [id]: draft } }))
}
export function rememberFolder(lastFolder: string): void {
  useCopyDrafts.setState({ lastFolder })
}
