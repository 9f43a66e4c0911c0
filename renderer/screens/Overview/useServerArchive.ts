// The WAL archive of a server, where there is one: what it is, how it does and what it holds.
import type { SavedConnection } from '../../../shared/model/connection'
import { api } from '../../rpc/api'
import { useJobs } from '../../stores/jobs'
import { useNow } from '../../stores/useNow'
import { useAsk } from '../../wizard/useAsk'

const refreshMs = 30_000

/** An archive that is filled counts before a folder that is only read; of several the newest. */
export function useServerArchive(connection: SavedConnection | undefined) {
  const round = Math.floor(useNow(refreshMs) / refreshMs)
  const ended = useJobs((state) => state.jobs.filter((job) => job.endedAt !== null).length)
  const list = useAsk({ ended }, (_input, options) => api.walArchive.list({}, options), { keep: true })
  const own = (list.data?.archives ?? [])
    .filter(({ connectionId }) => connectionId === connection?.id)
    .toSorted((a, b) => Number(a.kind === 'folder') - Number(b.kind === 'folder') || b.createdAt.localeCompare(a.createdAt))
  const archive = own[0]
  const question = archive && { archiveId: archive.id, ended, round }
  const health = useAsk(question, ({ archiveId }, options) => api.walArchive.health({ archiveId }, options), { keep: true })
  const map = useAsk(question, ({ archiveId }, options) => api.walArchive.map({ archiveId }, options), { keep: true })
  return { archive, more: Math.max(0, own.length - 1), known: list.data !== undefined, health: health.data, map: map.data }
}

export type ServerArchive = ReturnType<typeof useServerArchive>
