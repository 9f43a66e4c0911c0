// Archives after a promotion, streamed and packed ones: forks by the server's own account, .partial files, each compression.
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { readArchiveIndex } from '../../electron/archive/readArchiveIndex'
import type { ArchiveIndex } from '../../shared/model/archiveIndex'
import { timelineTree } from '../../shared/model/archiveRanges'
import { formatLsn, toLsn } from '../../shared/model/lsn'
import { longestWay, walChain } from '../../shared/model/walChain'
import { endMajors } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { tempFolder } from '../support/tempFolder'
import {
  type ArchivingCluster,
  archived,
  newTimeline,
  serverCommits,
  startArchiving,
  switchWal,
  work,
} from '../support/walArchives'

const pack = promisify(gzip)
const { signal } = new AbortController()

let core: TestCore
let copies: string
beforeAll(async () => {
  core = await startCore()
  copies = tempFolder('waltl')
})

const readIndex = (folder: string): Promise<ArchiveIndex> => readArchiveIndex(core.app.services, folder, { signal })
const segmentsIn = (folder: string) =>
  fs
    .readdirSync(folder)
    .filter((name) => /^[0-9A-F]{24}$/.test(name))
    .toSorted()

describe.each(endMajors())('on PostgreSQL %i', (major) => {
  let archiving: ArchivingCluster
  let start: string
  let fork: { at: string; before: number }

  beforeAll(async () => {
    archiving = await startArchiving({ major, segmentSize: 1, prefix: `tl${major}` })
    const { cluster } = archiving
    const [row] = await cluster.sql('SELECT pg_switch_wal(), pg_current_wal_insert_lsn()::text AS lsn')
    start = String(row?.lsn)
    await work(cluster, 3)
    const [last] = await cluster.sql('SELECT txid_current()::text AS xid')
    await newTimeline(cluster)
    await archived(cluster)
    const history = fs.readFileSync(path.join(archiving.archive, '00000002.history'), 'utf8')
    fork = { at: /^1\t(\S+)\t/m.exec(history)?.[1] ?? '', before: Number(last?.xid) }
    await work(cluster, 2)
    await switchWal(cluster)
  }, 120_000)

  it('knows the fork, and which commits are on which side of it', async () => {
    const { cluster, archive } = archiving
    const index = await readIndex(archive)
    expect(index.odd).toEqual([])
    const tree = timelineTree(index)
    expect(tree.map(({ timeline, parent, forkAt, gaps }) => ({ timeline, parent, forkAt, gaps }))).toEqual([
      { timeline: 1, parent: null, forkAt: null, gaps: [] },
      { timeline: 2, parent: 1, forkAt: toLsn(fork.at), gaps: [] },
    ])
    const holder = index.segments.find(({ timeline }) => timeline === 2)
    expect(holder?.inherited).toMatchObject({ timeline: 1, forkAt: formatLsn(toLsn(fork.at)) })
    // What was renamed to .partial by the promotion holds the same as the new timeline's segment before the fork.
    const partial = index.segments.find((segment) => segment.partial)
    expect(partial?.own?.commits).toBe(holder?.inherited?.commits)
    expect(toLsn(partial?.end ?? '0/0')).toBe(toLsn(fork.at))

    const server = await serverCommits(cluster, 1)
    const own = index.segments.filter(({ timeline }) => timeline === 2).map((segment) => segment.own)
    const firstTwo = own.find((activity) => activity?.firstCommit)?.firstCommit
    expect(firstTwo?.xid).toBeGreaterThan(fork.before)
    expect(own.reduce((sum, activity) => sum + (activity?.commits ?? 0), 0)).toBe(
      server.filter(({ xid }) => xid >= (firstTwo?.xid ?? 0)).length,
    )
    const from = { timeline: 1, lsn: toLsn(start) }
    const chain = walChain(index, from, 2)
    expect(chain).toMatchObject({ refused: null, damagedAt: null, timeline: 2, missing: { gap: false } })
    expect(chain.lastCommit?.xid).toBe(server.at(-1)?.xid)
    expect(longestWay(index, from)).toBe(2)
    expect(walChain(index, from, 1)).toMatchObject({ reaches: toLsn(fork.at), timeline: 1, damagedAt: null })
  })

  it('reads gzip, zstd and lz4 as it reads plain files, and says what of them is broken', async () => {
    const { archive } = archiving
    const plain = await readIndex(archive)
    const folder = path.join(copies, `packed-${major}`)
    fs.mkdirSync(folder)
    for (const [at, name] of segmentsIn(archive).entries()) {
      const from = path.join(archive, name)
      if (at % 3 === 0) fs.writeFileSync(path.join(folder, `${name}.gz`), await pack(fs.readFileSync(from)))
      else
        execFileSync(
          at % 3 === 1 ? 'zstd' : 'lz4',
          at % 3 === 1 ? ['-q', from, '-o', path.join(folder, `${name}.zst`)] : ['-q', from, path.join(folder, `${name}.lz4`)],
        )
    }
    fs.copyFileSync(path.join(archive, '00000002.history'), path.join(folder, '00000002.history'))
    const packed = await readIndex(folder)
    expect(packed.odd).toEqual([])
    const facts = (index: ArchiveIndex) =>
      index.segments
        .filter(({ partial }) => !partial)
        .map(({ own, inherited, end, damage, joined }) => ({ own, inherited, end, damage, joined }))
    expect(facts(packed)).toEqual(facts(plain))
    expect(fs.readdirSync(core.app.services.paths.scratch)).toEqual([])

    const cut = fs.readdirSync(folder).find((name) => name.endsWith('.gz')) ?? ''
    fs.truncateSync(path.join(folder, cut), Math.floor(fs.statSync(path.join(folder, cut)).size / 2))
    const odd = (await readIndex(folder)).odd
    expect(odd).toMatchObject([{ file: cut, problem: { fault: 'unreadable', says: 'is compressed and ends in the middle' } }])
  })

  it.each(['plain', 'gzip'])(
    'follows a stream of pg_receivewal (%s) into its .partial',
    async (how) => {
      const { cluster } = archiving
      const folder = path.join(copies, `stream-${how}-${major}`)
      fs.mkdirSync(folder)
      const args = ['-D', folder, '--no-loop', '--synchronous', ...(how === 'gzip' ? ['--compress=1'] : [])]
      const child = spawn(path.join(cluster.bin, 'pg_receivewal'), args, {
        env: { PATH: '/usr/bin:/bin', ...cluster.toolEnv() },
        stdio: 'ignore',
      })
      try {
        const end = Date.now() + 30_000
        while (!fs.readdirSync(folder).some((name) => name.includes('partial'))) {
          if (Date.now() > end) throw new Error('pg_receivewal wrote nothing')
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
        await cluster.sql('SELECT pg_switch_wal()')
        await work(cluster, 2)
        await cluster.sql(`SELECT pg_create_restore_point('in the stream ${how}')`)
        // A restore point alone is not flushed; a transaction that wrote something is, when it commits.
        const [row] = await cluster.sql(`SELECT txid_current()::text AS xid, pg_logical_emit_message(true, 'trial', 'flush')`)
        const wanted = toLsn(String((await cluster.sql('SELECT pg_current_wal_flush_lsn()::text AS lsn'))[0]?.lsn))
        const reached = async () => {
          const rows = await cluster.sql(
            `SELECT flush_lsn::text AS lsn FROM pg_stat_replication WHERE application_name LIKE '%receivewal%'`,
          )
          return toLsn(String(rows[0]?.lsn ?? '0/0')) >= wanted
        }
        await expect.poll(reached, { timeout: 20_000 }).toBe(true)
        if (how === 'gzip') {
          // Packed bytes reach the file when it is flushed at the latest: the program's end.
          child.kill('SIGINT')
          await new Promise((resolve) => child.once('exit', resolve))
        }
        const index = await readIndex(folder)
        expect(index.odd).toEqual([])
        const partial = index.segments.at(-1)
        expect(partial).toMatchObject({ partial: true, compressed: how === 'gzip' ? 'gz' : null, damage: null, unread: null })
        expect(toLsn(partial?.end ?? '0/0')).toBeGreaterThanOrEqual(wanted)
        const points = index.segments.flatMap(({ own }) => own?.restorePoints ?? []).map(({ name }) => name)
        expect(points.at(-1)).toBe(`in the stream ${how}`)
        expect(index.segments.reduce<number>((last, { own }) => own?.lastCommit?.xid ?? last, 0)).toBeGreaterThanOrEqual(
          Number(row?.xid),
        )
      } finally {
        child.kill('SIGINT')
      }
    },
    60_000,
  )

  it('says which pg_waldump is missing', async () => {
    const { tools, ...services } = core.app.services
    const without = {
      ...tools,
      installations: async () => (await tools.installations()).filter(({ version }) => Math.floor(version / 10000) !== major),
    }
    const folder = path.join(copies, `unread-${major}`)
    fs.cpSync(archiving.archive, folder, { recursive: true })
    const index = await readArchiveIndex({ ...services, tools: without }, folder, { signal })
    expect(new Set(index.segments.map(({ unread }) => unread))).toEqual(
      new Set([`there is no pg_waldump of PostgreSQL ${major} here, and no other can read it`]),
    )
    // Once it is there everything is read after all.
    expect((await readIndex(folder)).segments.every(({ unread, end }) => unread === null && end !== null)).toBe(true)
  })
})
