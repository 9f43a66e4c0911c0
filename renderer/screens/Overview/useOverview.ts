// Gathers what the overview shows of the chosen server, and asks again when a job on it has ended.
import { useCallback, useEffect, useState } from 'react'
import type { CatalogEntry } from '../../../shared/contracts/backups'
import { isCancelled, type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { useSelectedConnection } from '../../stores/connections'
import { useJobs } from '../../stores/jobs'
import { loadServer, useServer } from '../../stores/server'

export interface CatalogState {
  entries: readonly CatalogEntry[] | null
  error: ShownError | null
}

export function useOverview() {
  const connection = useSelectedConnection()
  const server = useServer(connection?.id)
  const [catalog, setCatalog] = useState<CatalogState>({ entries: null, error: null })
  const id = connection?.id
  const lastEnd = useJobs((state) =>
    state.jobs.reduce((latest, job) => (job.endedAt !== null && job.endedAt > latest ? job.endedAt : latest), ''),
  )

  const readCatalog = useCallback(async (signal?: AbortSignal) => {
    try {
      const { backups } = await api.backups.list({}, signal === undefined ? {} : { signal })
      setCatalog({ entries: backups, error: null })
    } catch (error) {
      if (!isCancelled(error)) setCatalog((before) => ({ ...before, error: shownError(error) }))
    }
  }, [])
  useEffect(() => {
    const leaving = new AbortController()
    void readCatalog(leaving.signal)
    return () => leaving.abort()
  }, [readCatalog, lastEnd])
  useEffect(() => {
    if (id !== undefined && lastEnd !== '') void loadServer(id)
  }, [id, lastEnd])

  const reload = () => {
    if (id !== undefined) void loadServer(id)
    void readCatalog()
  }
  return { connection, server, catalog, reload }
}
