// What this capability is given by whoever composes the application.
import type { ArchiveIndex } from '../../../shared/model/archiveIndex'

export interface Parts {
  salvage: {
    /** The archive's index with the WAL of a dead cluster in it. Throws AppError preflight where that can't be taken. */
    into(
      index: ArchiveIndex,
      dataDirectory: string,
      signal: AbortSignal,
    ): Promise<{
      index: ArchiveIndex
      /** What of it can't be had, a sentence each. */
      notes: string[]
    }>
  }
}
