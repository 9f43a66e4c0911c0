// An archive's index with the WAL of a dead cluster in it, for those who search in both.
import type { ArchiveIndex } from '../../../../shared/model/archiveIndex'
import { withSalvage } from '../../../../shared/model/salvage'
import { AppError } from '../../../../shared/rpc/appError'
import type { PointServices } from './pointFacts'
import { salvageFrom } from './salvage'

export function salvagePart(services: PointServices) {
  return {
    /** `index`: its records read. Throws AppError preflight where nothing can be salvaged. */
    async into(
      index: ArchiveIndex,
      dataDirectory: string,
      signal: AbortSignal,
    ): Promise<{ index: ArchiveIndex; notes: string[] }> {
      const salvage = await salvageFrom(services, dataDirectory, index, signal)
      if (!salvage.ok) {
        throw new AppError('preflight', salvage.says, { hint: 'Take back the salvage to search in the archive alone.' })
      }
      return { index: withSalvage(index, salvage.wal), notes: salvage.warnings }
    },
  }
}
