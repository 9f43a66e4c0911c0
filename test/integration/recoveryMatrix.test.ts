// The marker rows: every kind of target, inclusive and exclusive, paused and promoted, out of a file archive and a streamed one that
// ends in its .partial, from a plain backup, a tar and a combined incremental one, all with tablespaces. Exactly the rows before the
// target are there and none after, and archive, source and backups stay byte for byte as they were. With the full counts the whole
// matrix runs on every major; else each target once on the oldest and the newest, in turn through the other ways.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PointRunRequest } from '../../shared/contracts/recoveryPoint'
import type { JobSnapshot } from '../../shared/jobs/job'
import type { RecoveryWish } from '../../shared/model/recoveryWish'
import { endMajors } from '../support/clusters'
import { type ArchivingCluster, startArchiving, switchWal } from '../support/walArchives'
import { addTablespaces, type BaseCore, baseCore, folderOf } from './baseSetup'
import { type Mark, mark, marksOn, pointRequest, recoverTo, registerArchive, wish } from './recoveryPointSetup'
import { clientOf, factsOf, printOf, stopServer } from './recoverySetup'
import { until } from './walSetup'

let base: BaseCore

beforeAll(async () => {
  base = await baseCore()
})

type Archive = 'file' | 'stream'
type Base = 'plain' | 'tar' | 'incremental'

interface Known {
  third: Mark
  /** Where its commit record begins. */
  lsn: string
}

interface Target {
  name: string
  wish(known: Known): object
  /** The last mark that is kept; null for the immediate one, which ends with the backup. */
  upTo: number | null
  stopped: RegExp
}

const before = /^recovery stopping before commit of transaction/
const targets: Target[] = [
  // The commit of that very microsecond is kept.
  { name: 'a time, inclusive', wish: ({ third }) => ({ kind: 'time', value: third.time }), upTo: 3, stopped: before },
  {
    name: 'a time, exclusive',
    wish: ({ third }) => ({ kind: 'time', value: third.time, inclusive: false }),
    upTo: 2,
    stopped: before,
  },
  {
    name: 'a transaction, inclusive',
    wish: ({ third }) => ({ kind: 'xid', value: third.xid }),
    upTo: 3,
    stopped: /^recovery stopping after commit of transaction/,
  },
  {
    name: 'a transaction, exclusive',
    wish: ({ third }) => ({ kind: 'xid', value: third.xid, inclusive: false }),
    upTo: 2,
    stopped: before,
  },
  {
    name: 'a position, inclusive',
    wish: ({ lsn }) => ({ kind: 'lsn', value: lsn }),
    upTo: 3,
    stopped: /^recovery stopping after WAL location/,
  },
  {
    name: 'a position, exclusive',
    wish: ({ lsn }) => ({ kind: 'lsn', value: lsn, inclusive: false }),
    upTo: 2,
    stopped: /^recovery stopping before WAL location/,
  },
  {
    name: 'a restore point',
    wish: () => ({ kind: 'name', value: 'before mark 4' }),
    upTo: 3,
    stopped: /^recovery stopping at restore point "before mark 4"/,
  },
  {
    name: 'immediately',
    wish: () => ({ kind: 'immediate' }),
    upTo: null,
    stopped: /^recovery stopping after reaching consistency/,
  },
  { name: 'to the end', wish: () => ({ kind: 'end' }), upTo: 6, stopped: /^redo done at/ },
]

interface Case {
  name: string
  target: Target
  action: 'pause' | 'promote'
  archive: Archive
  base: Base
}

const long = process.env.WALKBACK_LONG === '1'
const majors = endMajors()

function casesOf(major: number): Case[] {
  const bases: Base[] = major >= 17 ? ['plain', 'tar', 'incremental'] : ['plain', 'tar']
  const made = (target: Target, archive: Archive, from: Base, action: Case['action']): Case => ({
    name: `${target.name}, ${action === 'pause' ? 'paused' : 'promoted'}: ${archive} archive, ${from}`,
    ...{ target, action, archive, base: from },
  })
  // At the end of the WAL there is nothing to pause at.
  const actionsOf = (target: Target): Case['action'][] => (target.upTo === 6 ? ['promote'] : ['pause', 'promote'])
  const archives: Archive[] = ['file', 'stream']
  if (long) {
    return archives.flatMap((archive) =>
      bases.flatMap((from) =>
        targets.flatMap((target) => actionsOf(target).map((action) => made(target, archive, from, action))),
      ),
    )
  }
  const turn = majors.indexOf(major)
  return targets.map((target, at) => {
    const actions = actionsOf(target)
    const action = actions[(at + turn) % actions.length] ?? 'promote'
    return made(target, archives[at % 2] ?? 'file', bases[(bases.length === 2 ? at >> 1 : at) % bases.length] ?? 'plain', action)
  })
}

describe.each(majors)('PostgreSQL %i', (major) => {
  let archiving: ArchivingCluster
  let login: string
  const archiveIds = new Map<Archive, string>()
  const archiveFolders = new Map<Archive, string>()
  const backups = new Map<Base, string>()
  let known: Known
  let untouched: string[]
  let stamped: string[]

  const sources = () => [archiving.cluster.dataDir, ...archiveFolders.values(), ...backups.values()]
  const prints = () => sources().map((folder) => printOf(folder))
  /** Names, owners, sizes and times alone: after each case; the contents are compared once, at the end. */
  const stamps = () =>
    sources().map((folder) => execFileSync('find', [folder, '-printf', '%y %m %u %s %T@ %p %l\\n'], { encoding: 'utf8' }))

  beforeAll(async () => {
    const summarize: Record<string, string> = major >= 17 ? { summarize_wal: 'on' } : {}
    archiving = await startArchiving({ major, segmentSize: 1, prefix: `matrix${major}`, conf: summarize })
    const { cluster, archive } = archiving
    login = await base.connect(cluster)
    await addTablespaces(cluster, 200)
    await cluster.sql('CREATE TABLE marks (id int PRIMARY KEY) TABLESPACE "fast disk"', 'shop')
    const streamed = path.join(cluster.folder, 'streamed')
    // As the course has it: a slot, a stream that is live, then the backups.
    const request = { connectionId: login, folder: streamed, slot: 'course', compress: '', synchronous: true, unlimited: true }
    const stream = await base.core.api.walArchiveStream.start(request)
    await until('it to stream', () => base.core.app.services.jobs.get(stream.jobId).standing?.state === 'going')
    const streamId = base.core.app.services.archives.list().find(({ folder }) => folder === streamed)?.id ?? ''
    const bare = { options: { walMethod: 'none', checkpoint: 'fast' } }
    const plain = folderOf(await base.run(base.request(login)))
    backups.set('plain', plain)
    backups.set('tar', folderOf(await base.run(base.request(login, { format: 'tar', verify: false, ...bare }))))
    await mark(cluster, 0)
    if (major >= 17) backups.set('incremental', folderOf(await base.run(base.request(login, { parent: plain, ...bare }))))

    await mark(cluster, 1)
    await mark(cluster, 2)
    await cluster.sql('SELECT pg_switch_wal()')
    const third = await mark(cluster, 3)
    await cluster.sql(`SELECT pg_create_restore_point('before mark 4')`)
    const fourth = await mark(cluster, 4)
    for (const id of [5, 6]) await mark(cluster, id)
    const [row] = await cluster.sql('SELECT pg_current_wal_flush_lsn()::text AS lsn')
    await until('the stream to have it all', async () => {
      const [state] = await cluster.sql(
        'SELECT coalesce(bool_and(flush_lsn >= $1::pg_lsn), false) AS there FROM pg_stat_replication',
        'postgres',
        [row?.lsn],
      )
      return state?.there === true
    })
    await base.core.api.walArchiveStream.stop({ archiveId: streamId })
    await base.core.ended(stream)
    await base.core.api.walArchiveStream.dropSlot({ archiveId: streamId, forget: false })
    await switchWal(cluster)
    archiveIds.set('file', await registerArchive(base, archive, login)).set('stream', streamId)
    archiveFolders.set('file', archive).set('stream', streamed)
    await cluster.stop('fast')

    for (const archiveId of archiveIds.values()) {
      const around = await base.core.api.recoveryPoint.neighbours({ archiveId, timeline: 1, time: third.time })
      expect(around.before).toMatchObject({ xid: third.xid, time: third.time })
      expect(around.after).toMatchObject({ xid: fourth.xid, time: fourth.time })
      known = { third, lsn: around.before?.lsn ?? '' }
    }
    // From mark 3 on the streamed archive has but what was not complete.
    expect(fs.readdirSync(streamed).filter((name) => name.endsWith('.partial'))).toHaveLength(1)
    untouched = prints()
    stamped = stamps()
  }, 300_000)

  afterAll(async () => {
    await archiving.cluster.remove()
  })

  test.each(casesOf(major))(
    '$name',
    async (one) => {
      const archiveId = archiveIds.get(one.archive) ?? ''
      const backup = backups.get(one.base) ?? ''
      // The nearest is chosen by itself: the incremental one where there is one, the tar of the two that are full.
      const nearest = backups.get('incremental') ?? backups.get('tar')
      const asked: RecoveryWish = wish({ ...one.target.wish(known), action: one.action })
      const request = await pointRequest({ archiveId, backup: backup === nearest ? null : backup, wish: asked }, login)
      const preview = await base.core.api.recoveryPoint.preview(request)
      expect(preview.blocked).toBe('')
      expect(preview.plan).toMatchObject({ blockers: [], timeline: 1, backup: { path: backup } })
      expect(preview.plan.chain).toEqual(one.base === 'incremental' ? [backups.get('plain'), backup] : [])
      const partial = /The last segment on the way is [0-9A-F]{24}\.partial, which was not complete/
      if (one.archive === 'stream' && one.target.upTo !== null) expect(preview.plan.warnings.join(' ')).toMatch(partial)
      else expect(preview.plan.warnings.join(' ')).not.toMatch(partial)

      const job = await recoverTo(base, request)
      const { folder, port } = request.destination
      try {
        expectAsAsked(one, job)
        const last = one.target.upTo ?? (one.base === 'incremental' ? 0 : -1)
        const ids = Array.from({ length: last + 1 }, (_, id) => id)
        expect(await marksOn(archiving.cluster, port)).toEqual({ ids, recovering: one.action === 'pause' })
        await expectOwnTablespace(folder, port)
        expectAsShown(one, request, preview.files)
      } finally {
        stopServer(archiving.cluster, folder)
      }
      expect(stamps()).toEqual(stamped)
      fs.rmSync(path.dirname(folder), { recursive: true })
    },
    120_000,
  )

  test('archives, source and backups are byte for byte as they were', () => {
    expect(prints()).toEqual(untouched)
  })

  function expectAsAsked(one: Case, job: JobSnapshot): void {
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    const facts = factsOf(job)
    expect(facts.get('Stopped')).toMatch(one.target.stopped)
    expect(facts.get('State')).toBe(one.action === 'pause' ? 'paused' : 'promoted')
    const done = job.steps.map(({ id, state }) => `${id} ${state}`)
    expect(done).toContain(one.base === 'incremental' ? 'combine done' : 'copy done')
  }

  async function expectOwnTablespace(folder: string, port: number): Promise<void> {
    const client = await clientOf(archiving.cluster, port)('shop')
    const { rows } = await client.query<{ folder: string }>(
      `SELECT pg_tablespace_location(t.oid) AS folder FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE relname = 'marks'`,
    )
    await client.end()
    expect(rows.map((row) => path.dirname(row.folder))).toEqual([`${folder}.tablespaces`])
  }

  /** What was shown is what was written. */
  function expectAsShown(
    { action, archive, target }: Case,
    request: PointRunRequest & { destination: { folder: string } },
    files: readonly { path: string; text: string; added: boolean }[],
  ): void {
    const { folder } = request.destination
    for (const { path: file, text, added } of files) {
      if (file.endsWith('recovery.signal')) expect(fs.existsSync(file)).toBe(action === 'pause')
      // Of a tar the limits show when it is unpacked, and its tablespace_map is done with once it has started.
      else if (added) expect(fs.readFileSync(file, 'utf8')).toContain(text.trimEnd())
      else if (fs.existsSync(file)) expect(fs.readFileSync(file, 'utf8')).toBe(text)
      else expect(path.basename(file)).toBe('tablespace_map')
    }
    const auto = fs.readFileSync(path.join(folder, 'postgresql.auto.conf'), 'utf8')
    expect(auto.match(/^recovery_target(?:_time|_lsn|_xid|_name)? = /gm)?.length ?? 0).toBe(target.upTo === 6 ? 0 : 1)
    expect(auto).toMatch(/^recovery_target_timeline = 1$/m)
    expect(auto).toMatch(/^archive_mode = off$/m)
    expect(auto).not.toMatch(/^recovery_\w+ = ''$/m)
    const log = fs.readFileSync(path.join(folder, 'walkback', 'restore.log'), 'utf8')
    expect(log).toMatch(/restored: 0000000100000000/)
    if (archive === 'stream' && target.upTo !== null) expect(log).toMatch(/from .*\.partial, as far as it goes/)
  }
})
