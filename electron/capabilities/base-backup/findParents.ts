// Base backups of the same cluster in the libraries, for an incremental one to build on.
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { BaseParent } from '../../../shared/contracts/baseBackup'
import { parseLsn } from '../../../shared/model/lsn'
import { scanLibraries } from '../../library/scanLibrary'
import type { PhysicalSource } from '../../postgres/readPhysicalSource'

export async function findParents(
  libraries: readonly string[],
  source: PhysicalSource,
  signal: AbortSignal,
): Promise<BaseParent[]> {
  if (source.systemIdentifier === null) return []
  const { backups } = await scanLibraries(libraries, signal)
  return backups.flatMap(({ path: folder, record }) => {
    if (record.kind !== 'base-backup' || record.source.systemIdentifier !== source.systemIdentifier) return []
    const problem =
      record.manifest === null
        ? 'It has no manifest.'
        : existsSync(path.join(folder, record.manifest.path))
          ? summaryProblem(source, record.start)
          : 'Its manifest is missing.'
    return [
      {
        path: folder,
        label: record.label,
        startedAt: record.startedAt,
        timeline: record.start.timeline,
        lsn: record.start.lsn,
        incremental: record.incremental !== null,
        size: record.size,
        problem,
      },
    ]
  })
}

function summaryProblem({ summaries, summarizing }: PhysicalSource, start: { timeline: number; lsn: string }): string {
  if (summarizing !== true) return '' // said by the checks, with the way to turn it on
  const from = summaries.find(({ timeline }) => timeline === start.timeline)?.from
  const [begins, needed] = [parseLsn(from ?? ''), parseLsn(start.lsn)]
  return begins !== undefined && needed !== undefined && begins > needed
    ? `The server’s summaries begin after it, at ${from ?? ''}.`
    : ''
}
