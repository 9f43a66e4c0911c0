// A limit for the WAL that slots keep, offered before streaming is set up: set on the server, and refused where it may not be.
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StreamArchiveRequest } from '../../shared/contracts/walArchiveStream'
import { endMajors, startCluster, type TestCluster } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { tempFolder } from '../support/tempFolder'
import { connectTo, refusal, until } from './walSetup'

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let core: TestCore
  let cluster: TestCluster
  let connectionId: string
  let folder: string
  beforeAll(async () => {
    core = await startCore()
    cluster = await startCluster({ major, prefix: `wallimit${major}` })
    connectionId = await connectTo(core, cluster)
    folder = path.join(tempFolder('limit'), 'wal')
    await cluster.sql("CREATE ROLE streamer LOGIN REPLICATION PASSWORD 'of streamer'")
  })
  afterAll(async () => {
    await core.stop()
    await cluster.remove()
  })

  const request = (id: string): StreamArchiveRequest => ({
    ...{ connectionId: id, folder, slot: 'limited', compress: '', synchronous: false, unlimited: false },
  })
  const keepRow = async (id: string) =>
    (await core.api.walArchiveStream.preview(request(id))).preflight.find((row) => row.id === 'keep')
  const limitOf = async (id: string) => {
    const fixes = (await keepRow(id))?.fixes ?? []
    return fixes.map(({ action }) => action).find((action) => action.kind === 'limit-slots')
  }
  const now = async () => (await cluster.sql('SHOW max_slot_wal_keep_size'))[0]?.max_slot_wal_keep_size

  it('is not offered to a role without the right, and refused to it', async () => {
    const id = await connectTo(core, cluster, `streamer of ${major}`)
    const { settings, ...saved } = core.app.services.connections.get(id)
    await core.api.connections.save({
      ...{ ...saved, id, settings: { ...settings, user: 'streamer' } },
      password: { kind: 'set', password: 'of streamer', remember: false },
    })
    const row = await keepRow(id)
    expect(row?.fixes.map(({ label }) => label)).toEqual(['Keep without a limit'])
    expect(row?.found).toContain(
      "Agree, or have a limit set: ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; SELECT pg_reload_conf();",
    )
    const why =
      major >= 15
        ? 'permission denied to set parameter "max_slot_wal_keep_size"'
        : 'must be superuser to execute ALTER SYSTEM command'
    expect(await refusal(core.api.walArchiveStream.limitSlots({ connectionId: id, megabytes: 4096 }))).toMatchObject({
      code: 'permission',
      message: `Setting max_slot_wal_keep_size is not allowed to this role: ${why}.`,
    })
    expect(await now()).toBe('-1')
    // The right to replicate is all that streaming itself takes.
    const { jobId } = await core.api.walArchiveStream.start({ ...request(id), unlimited: true })
    await until('it to stream', () => core.app.services.jobs.get(jobId).standing?.state === 'going')
    const archiveId = core.app.services.archives.list()[0]?.id ?? ''
    expect(await core.api.walArchiveStream.dropSlot({ archiveId, forget: true })).toEqual({ dropped: true })
    if (major < 15) return
    await cluster.sql('GRANT ALTER SYSTEM ON PARAMETER max_slot_wal_keep_size TO streamer')
    expect(await limitOf(id)).toBeUndefined()
    await cluster.sql('GRANT EXECUTE ON FUNCTION pg_reload_conf() TO streamer')
    expect(await limitOf(id)).toBeDefined()
  })

  it('is refused on a connection marked read-only, and where a slot keeps more already', async () => {
    const saved = core.app.services.connections.get(connectionId)
    const mark = (readOnly: boolean) =>
      core.api.connections.save({
        ...{ ...saved, id: connectionId, readOnly },
        password: { kind: 'set', password: cluster.password, remember: false },
      })
    await mark(true)
    expect(await limitOf(connectionId)).toBeUndefined()
    expect((await refusal(core.api.walArchiveStream.limitSlots({ connectionId, megabytes: 4096 }))).message).toBe(
      `Changing a setting of the server is blocked: pg${major} is marked read-only.`,
    )
    await mark(false)
    await cluster.sql("SELECT pg_create_physical_replication_slot('behind', true)")
    await cluster.sql("SELECT pg_create_restore_point('later')")
    await cluster.sql('SELECT pg_switch_wal()')
    await cluster.sql("SELECT pg_create_restore_point('later')")
    expect((await refusal(core.api.walArchiveStream.limitSlots({ connectionId, megabytes: 1 }))).message).toMatch(
      /^The slot behind keeps \d+\.\d+ MB already: with a limit of 1MB the server would let go of WAL that it needs\.$/,
    )
    expect(await now()).toBe('-1')
    await cluster.sql("SELECT pg_drop_replication_slot('behind')")
  })

  it('is offered with its statements and where it comes from, set, and seen in force', async () => {
    const before = await keepRow(connectionId)
    expect(before?.result).toBe('blocker')
    const [first, second] = before?.fixes ?? []
    expect(first?.label).toMatch(/^Set a limit of \d+GB…$/)
    expect(second?.label).toBe('Keep without a limit')
    const limit = await limitOf(connectionId)
    if (!limit) throw new Error('no limit is offered')
    expect(limit.why).toMatch(/^Half of the \d+(\.\d+)? [GT]B that are free on the server’s disk\.$/)
    const size = `${limit.megabytes / 1024}GB`
    expect(limit.statements).toEqual([`ALTER SYSTEM SET max_slot_wal_keep_size = '${size}';`, 'SELECT pg_reload_conf();'])
    const { megabytes, statements } = limit
    expect(await core.api.walArchiveStream.limitSlots({ connectionId, megabytes })).toEqual({ statements })
    expect(await now()).toBe(size)
    expect(await keepRow(connectionId)).toMatchObject({
      result: 'pass',
      found: `at most ${size}; what is further behind is lost to the archive`,
      fixes: [],
    })
    await cluster.stop()
    await cluster.start()
    expect(await now()).toBe(size)
  })
})
