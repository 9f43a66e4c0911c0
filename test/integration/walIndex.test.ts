// The index of a WAL archive against real servers: what it holds is what the server says of itself.
import { beforeAll, describe, expect, it } from 'vitest'
import { type IndexOptions, readArchiveIndex } from '../../electron/archive/readArchiveIndex'
import type { ArchiveIndex } from '../../shared/model/archiveIndex'
import { eachMinute } from '../../shared/model/walMinutes'
import { testMajors } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { type ArchivingCluster, nextXid, serverCommits, startArchiving, switchWal, work } from '../support/walArchives'

let core: TestCore
beforeAll(async () => {
  core = await startCore()
})

const never = () => new AbortController().signal

export function readIndex(folder: string, options: Partial<IndexOptions> = {}): Promise<ArchiveIndex> {
  return readArchiveIndex(core.app.services, folder, { signal: never(), ...options })
}

describe.each(testMajors())('on PostgreSQL %i', (major) => {
  let archiving: ArchivingCluster
  let first: number
  let before: number

  beforeAll(async () => {
    archiving = await startArchiving({ major, prefix: `walidx${major}` })
    const { cluster } = archiving
    await switchWal(cluster)
    first = await nextXid(cluster)
    before = Math.max(...(await readIndex(archiving.archive)).segments.map((segment) => segment.number ?? 0))
    await work(cluster, 20)
    await cluster.sql("SELECT pg_create_restore_point('before the Änderung')")
    const client = await cluster.client()
    await client.query("BEGIN; INSERT INTO work (filler) VALUES (2); PREPARE TRANSACTION 'one'")
    await client.query("COMMIT PREPARED 'one'")
    await client.query("BEGIN; INSERT INTO work (filler) VALUES (3); PREPARE TRANSACTION 'two'")
    await client.query("ROLLBACK PREPARED 'two'")
    await client.end()
    await work(cluster, 20)
    await switchWal(cluster)
  }, 120_000)

  it('has every commit, at the time the server gives', async () => {
    const { cluster, archive } = archiving
    const index = await readIndex(archive)
    const server = await serverCommits(cluster, first)
    expect(index.odd).toEqual([])
    expect(index.major).toBe(major)
    const own = index.segments.filter((segment) => (segment.number ?? 0) > before).map((segment) => segment.own)
    expect(index.segments.every((segment) => segment.damage === null && segment.unread === null && segment.joined)).toBe(true)
    expect(own.reduce((sum, activity) => sum + (activity?.commits ?? 0), 0)).toBe(server.length)
    const minutes = new Map<number, number>()
    for (const activity of own) {
      eachMinute(activity?.minutes ?? [], (minute, count) => minutes.set(minute, (minutes.get(minute) ?? 0) + count))
    }
    const expected = new Map<number, number>()
    for (const { time } of server) {
      const minute = Math.floor(time / 60_000_000)
      expected.set(minute, (expected.get(minute) ?? 0) + 1)
    }
    expect([...minutes]).toEqual([...expected])
    const times = new Map(server.map(({ xid, time }) => [xid, time]))
    for (const activity of own) {
      for (const end of [activity?.firstCommit, activity?.lastCommit]) if (end) expect(times.get(end.xid)).toBe(end.time)
    }
    const points = own.flatMap((activity) => activity?.restorePoints ?? [])
    expect(points.map(({ name }) => name)).toEqual(['before the Änderung'])
  }, 60_000)
})
