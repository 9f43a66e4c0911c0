// The WAL of real archives, whole and broken in every way: what is proved, what is refused, and which file is named.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readArchiveIndex } from '../../electron/archive/readArchiveIndex'
import { type ChainStart, type ChainVerdict, verifyWalChain } from '../../electron/archive/verifyWalChain'
import { timelineTree } from '../../shared/model/archiveRanges'
import { formatLsn, toLsn } from '../../shared/model/lsn'
import { walChain } from '../../shared/model/walChain'
import { binFolder, endMajors, newestMajor } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, archived, startArchiving, switchWal, work } from '../support/walArchives'

const flips = process.env.WALKBACK_LONG === '1' ? 100 : 5

let core: TestCore
let copies: string
beforeAll(async () => {
  core = await startCore()
  copies = tempFolder('walcopies')
})

afterEach(() => {
  for (const name of fs.readdirSync(copies)) fs.rmSync(path.join(copies, name), { recursive: true })
})

const { signal } = new AbortController()

interface Origin extends ArchivingCluster {
  from: ChainStart
  systemIdentifier: string
}

/** A start as a backup leaves one, then work over several segments. */
async function makeOrigin(major: number, segmentSize: number, megabytes: number): Promise<Origin> {
  const archiving = await startArchiving({ major, segmentSize, prefix: `chain${major}` })
  const { cluster } = archiving
  const [row] = await cluster.sql(
    'SELECT pg_switch_wal(), pg_current_wal_insert_lsn()::text AS lsn, (SELECT system_identifier::text FROM pg_control_system()) AS id',
  )
  const systemIdentifier = String(row?.id)
  await work(cluster, megabytes)
  await switchWal(cluster)
  await cluster.sql('CREATE TABLE later (n int)')
  await switchWal(cluster)
  const place = { timeline: 1, lsn: String(row?.lsn) }
  return { ...archiving, systemIdentifier, from: startAt(place.lsn, systemIdentifier) }
}

function startAt(lsn: string, systemIdentifier: string, timeline = 1): ChainStart {
  const place = { timeline, lsn }
  const source = { label: 'test', systemIdentifier } as ChainStart['source']
  return { kind: 'base-backup', walMethod: 'stream', start: place, stop: place, source }
}

let copied = 0
function copyOf({ archive }: ArchivingCluster): string {
  copied += 1
  const copy = path.join(copies, `archive-${copied}`)
  fs.cpSync(archive, copy, { recursive: true, preserveTimestamps: true })
  return copy
}

const segmentsIn = (folder: string) =>
  fs
    .readdirSync(folder)
    .filter((name) => /^[0-9A-F]{24}$/.test(name))
    .toSorted()

const verify = (folder: string, backup: ChainStart): Promise<ChainVerdict> =>
  verifyWalChain(core.app.services, { folder, backup, signal })

const readIndex = (folder: string) => readArchiveIndex(core.app.services, folder, { signal })

describe.each(endMajors())('on PostgreSQL %i', (major) => {
  let origin: Origin
  beforeAll(async () => {
    origin = await makeOrigin(major, 1, 6)
  }, 120_000)

  const onTheWay = () => {
    const from = Number(toLsn(origin.from.stop.lsn) / (1024n * 1024n))
    return segmentsIn(origin.archive).filter((name) => Number.parseInt(name.slice(8), 16) >= from)
  }

  it('proves a whole chain', async () => {
    const { verification, chain, index } = await verify(origin.archive, origin.from)
    expect(verification).toMatchObject({ level: 'wal', ok: true })
    expect(verification.detail).toMatch(
      /^All WAL from [0-9A-F/]+ to [0-9A-F/]+ on timeline 1 is there and sound: \d+ segments, .*; the last commit is of 20\d\d-.*\.\d{6} UTC\.$/,
    )
    expect(index.odd).toEqual([])
    expect(chain.segments.map(({ entry }) => entry.file)).toEqual(onTheWay())
  })

  it('names a removed segment', async () => {
    const folder = copyOf(origin)
    const gone = onTheWay()[3] ?? ''
    fs.rmSync(path.join(folder, gone))
    const { verification, chain } = await verify(folder, origin.from)
    expect(verification).toMatchObject({
      ok: false,
      detail: `${gone} is missing. Nothing after ${formatLsn(chain.reaches)} can be reached.`,
    })
    expect(chain.missing).toMatchObject({ name: gone, gap: true })
    const [node] = timelineTree(await readIndex(folder))
    expect(node?.gaps).toMatchObject([{ first: node?.gaps[0]?.last }])
  })

  it('names a truncated segment', async () => {
    const folder = copyOf(origin)
    const cut = onTheWay()[2] ?? ''
    fs.truncateSync(path.join(folder, cut), 500_000)
    const { verification, index } = await verify(folder, origin.from)
    expect(verification.ok).toBe(false)
    expect(verification.detail).toMatch(new RegExp(`^${cut} has 500,000 of 1,048,576 bytes\\. Nothing after `))
    expect(index.odd).toMatchObject([{ file: cut, problem: { fault: 'size' } }])
  })

  it('names a renamed segment, at its wrong name and at its place', async () => {
    const folder = copyOf(origin)
    const [, first = '', second = ''] = onTheWay()
    fs.copyFileSync(path.join(folder, first), path.join(folder, second))
    const { verification, index } = await verify(folder, origin.from)
    expect(verification.ok).toBe(false)
    expect(verification.detail).toMatch(new RegExp(`^${second} begins like ${first} \\(`))
    expect(index.odd).toMatchObject([{ file: second, problem: { fault: 'name' } }])
  })

  it('names a segment under another timeline’s name, and goes on without it', async () => {
    const folder = copyOf(origin)
    const [, first = ''] = onTheWay()
    const stray = `00000002${first.slice(8)}`
    fs.copyFileSync(path.join(folder, first), path.join(folder, stray))
    const { verification, index } = await verify(folder, origin.from)
    expect(verification.ok).toBe(true)
    expect(index.odd).toMatchObject([{ file: stray, problem: { fault: 'name', says: 'holds WAL of timeline 1 alone' } }])
  })

  it('is not led astray by a history file that belongs to nothing here', async () => {
    const folder = copyOf(origin)
    const before = await verify(folder, origin.from)
    fs.writeFileSync(path.join(folder, '00000007.history'), `1\t${origin.from.stop.lsn}\tno recovery target specified\n`)
    fs.writeFileSync(path.join(folder, '00000009.history'), 'no history\n')
    const after = await verify(folder, origin.from)
    expect(after.verification).toMatchObject({ ok: true, detail: before.verification.detail })
    expect(after.index.odd).toMatchObject([
      { file: '00000007.history', problem: { fault: 'content', says: 'leads to timeline 7, of which no segment is here' } },
      { file: '00000009.history', problem: { fault: 'content' } },
    ])
  })

  it('reads only what is new, and everything again once the index is damaged', async () => {
    const folder = copyOf(origin)
    const names = fs.readdirSync(folder)
    const aside = onTheWay().at(-1) ?? ''
    fs.renameSync(path.join(folder, aside), path.join(copies, aside))
    expect((await readIndex(folder)).filesRead).toBe(names.length - 1)
    expect((await readIndex(folder)).filesRead).toBe(0)
    fs.renameSync(path.join(copies, aside), path.join(folder, aside))
    const whole = await readIndex(folder)
    expect(whole.filesRead).toBe(1)
    expect(whole.segments.every((segment) => segment.end !== null)).toBe(true)

    const indexes = path.join(core.dataFolder, 'archive-index')
    const file =
      fs
        .readdirSync(indexes)
        .find((name) => name.endsWith('.ndjson') && fs.readFileSync(path.join(indexes, name), 'utf8').includes(folder)) ?? ''
    // A crash in the middle of an append leaves half a line, which is dropped.
    fs.appendFileSync(path.join(indexes, file), '0000abcd {"kind":"seg')
    expect((await readIndex(folder)).filesRead).toBe(0)
    const text = fs.readFileSync(path.join(indexes, file), 'utf8')
    fs.writeFileSync(path.join(indexes, file), text.replace('"commits":', '"commits":1'))
    const said: string[] = []
    const again = await readArchiveIndex(core.app.services, folder, { signal, report: (words) => void said.push(words) })
    expect(again.filesRead).toBe(names.length)
    expect(said.join()).toMatch(
      /^The index of the archive .* is damaged in line \d+\. It is kept as .*\.ndjson\.broken-\S+, and the archive is read again\.$/,
    )
    expect({ ...again, filesRead: 0 }).toEqual({ ...whole, filesRead: 0 })
  })

  it(`catches a flipped byte wherever it can matter, at ${flips} places`, async () => {
    const folder = copyOf(origin)
    const names = onTheWay()
    const bin = binFolder(major)
    const dump = (from: string) => {
      try {
        return execFileSync(path.join(bin, 'pg_waldump'), ['-p', folder, from, names.at(-1) ?? ''], {
          encoding: 'utf8',
          maxBuffer: 1 << 28,
          stdio: ['ignore', 'pipe', 'ignore'],
        })
      } catch (error) {
        return `failed ${String(error)}`
      }
    }
    const sound = dump(names[0] ?? '')
    expect(sound).not.toContain('failed')
    let mattered = 0
    for (let n = 0; n < flips; n += 1) {
      // All but the last, which is nearly empty: its zeros can't matter, and are tried below.
      const name = names[Math.floor(Math.random() * (names.length - 1))] ?? ''
      const file = path.join(folder, name)
      const before = fs.readFileSync(file)
      const at = Math.floor(Math.random() * before.length)
      const flipped = Buffer.from(before)
      flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8))
      const { mtime } = fs.statSync(file)
      fs.writeFileSync(file, flipped)
      // Neither size nor time tell.
      fs.utimesSync(file, mtime, mtime)
      const matters = dump(names[0] ?? '') !== sound
      const { verification } = await verify(folder, origin.from)
      const where = `${name} at ${at}: ${verification.detail}`
      expect(verification.ok, where).toBe(!matters)
      if (matters) {
        mattered += 1
        expect(verification.detail.split('. Nothing')[0], where).toContain(name)
      }
      fs.writeFileSync(file, before)
      fs.utimesSync(file, mtime, mtime)
    }
    expect(mattered).toBeGreaterThan(0)
    expect((await verify(folder, origin.from)).verification.ok).toBe(true)
  }, 300_000)

  it('does not mind a flip in the zeros after a switch', async () => {
    const folder = copyOf(origin)
    const file = path.join(folder, onTheWay().at(-1) ?? '')
    const bytes = fs.readFileSync(file)
    bytes[bytes.length - 5000] = 1
    fs.writeFileSync(file, bytes)
    expect((await verify(folder, origin.from)).verification.ok).toBe(true)
  })
})

describe('another cluster’s segment', () => {
  it('is named, and leaves a gap where it stands in for the right one', async () => {
    const [a, b] = await Promise.all([makeOrigin(newestMajor(), 1, 2), makeOrigin(newestMajor(), 1, 2)])
    const folder = copyOf(a)
    const name = segmentsIn(a.archive).at(-2) ?? ''
    const foreign = segmentsIn(b.archive).includes(name) ? name : (segmentsIn(b.archive).at(-1) ?? '')
    fs.copyFileSync(path.join(b.archive, foreign), path.join(folder, foreign))
    const { verification, index } = await verify(folder, a.from)
    expect(index.odd).toMatchObject([
      {
        file: foreign,
        problem: { fault: 'foreign', says: `is of the cluster ${b.systemIdentifier}, and this archive of ${a.systemIdentifier}` },
      },
    ])
    expect(verification.ok).toBe(!segmentsIn(a.archive).includes(foreign))
  }, 120_000)
})

describe.each([1, 64])('with segments of %i MB', (megabytes) => {
  it.each(endMajors())(
    'records that cross segments are counted once and read whole, on PostgreSQL %i',
    async (major) => {
      const origin = await makeOrigin(major, megabytes, megabytes === 1 ? 4 : 70)
      const { cluster, archive } = origin
      // One record that is longer than a small segment.
      await cluster.sql(`SELECT pg_logical_emit_message(true, 'test', repeat('x', 2500000))`)
      await switchWal(cluster)
      await archived(cluster)
      const { verification, index } = await verify(archive, origin.from)
      expect(verification.ok, verification.detail).toBe(true)
      expect(index.segmentSize).toBe(megabytes * 1024 * 1024)
      const total = index.segments.reduce((sum, { own }) => sum + (own?.commits ?? 0), 0)
      // One segment after the other, as they arrive: the same counts.
      const folder = path.join(copies, 'one-by-one')
      fs.mkdirSync(folder)
      for (const name of segmentsIn(archive)) {
        fs.copyFileSync(path.join(archive, name), path.join(folder, name))
        await readIndex(folder)
      }
      const single = await readIndex(folder)
      expect(single.segments.map(({ own }) => own?.commits)).toEqual(index.segments.map(({ own }) => own?.commits))
      // And backwards: what crosses is read once its beginning is there.
      const other = path.join(copies, 'backwards')
      fs.mkdirSync(other)
      for (const name of segmentsIn(archive).toReversed()) {
        fs.copyFileSync(path.join(archive, name), path.join(other, name))
        await readIndex(other)
      }
      const backwards = await readIndex(other)
      expect(backwards.segments.reduce((sum, { own }) => sum + (own?.commits ?? 0), 0)).toBe(total)
      const stop = toLsn(origin.from.stop.lsn)
      expect(walChain(backwards, { timeline: 1, lsn: stop })).toMatchObject({
        damagedAt: null,
        unread: null,
        missing: { gap: false },
      })
    },
    180_000,
  )
})
