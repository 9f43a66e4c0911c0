// The last segment of an archive, with a record's length flipped so that it leads beyond the archive: pg_waldump takes that for
// the end of WAL and exits well. It is named all the same, and a record that does go on in the next segment is none.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readArchiveIndex } from '../../electron/archive/readArchiveIndex'
import { type ChainStart, verifyWalChain } from '../../electron/archive/verifyWalChain'
import { formatLsn, toLsn } from '../../shared/model/lsn'
import { recordEnd } from '../../shared/model/walPages'
import { endMajors } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, archived, startArchiving, switchWal } from '../support/walArchives'

const geometry = { segmentSize: 1024 * 1024, pageSize: 8192 }
const size = BigInt(geometry.segmentSize)
const lastPage = size - BigInt(geometry.pageSize)

interface WalRecord {
  at: bigint
  end: bigint
  length: number
  switches: boolean
}

let core: TestCore
beforeAll(async () => {
  core = await startCore()
})

const { signal } = new AbortController()

/** Those that begin in the segment, as pg_waldump lists them. */
function recordsOf(bin: string, folder: string, name: string): WalRecord[] {
  const text = execFileSync('bash', ['-c', '"$0" -p "$1" "$2" 2>/dev/null; true', path.join(bin, 'pg_waldump'), folder, name], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  return [...text.matchAll(/len \(rec\/tot\):\s*\d+\/\s*(\d+),.*?lsn: ([0-9A-F]+\/[0-9A-F]+).*?desc: (\w*)/g)].map((found) => {
    const [at, length] = [toLsn(found[2] ?? ''), Number(found[1])]
    return { at, length, end: recordEnd(at, length, geometry), switches: found[3] === 'SWITCH' }
  })
}

describe.each(endMajors())('on PostgreSQL %i', (major) => {
  let origin: ArchivingCluster
  let from: ChainStart
  /** Filled with short records to its end, and its records. */
  let filled: string
  let records: WalRecord[]
  /** The switch of this one lies on its last page. */
  let switched: string

  beforeAll(async () => {
    origin = await startArchiving({ major, segmentSize: 1, prefix: `lengths${major}` })
    const { cluster, archive } = origin
    const [row] = await cluster.sql(
      'SELECT pg_switch_wal(), pg_current_wal_insert_lsn()::text AS lsn, (SELECT system_identifier::text FROM pg_control_system()) AS id',
    )
    const place = { timeline: 1, lsn: String(row?.lsn) }
    const source = { label: 'test', systemIdentifier: String(row?.id) } as ChainStart['source']
    from = { kind: 'base-backup', walMethod: 'stream', start: place, stop: place, source }
    await cluster.sql("SELECT count(pg_logical_emit_message(false, 'test', repeat('y', 100))) FROM generate_series(1, 14000)")
    await switchWal(cluster)
    // Up to the last page of a segment, less what page headers take, and then a switch.
    const [near] = await cluster.sql(
      `SELECT pg_walfile_name(pg_current_wal_insert_lsn()) AS name,
              count(pg_logical_emit_message(false, 'test', repeat('z', (1040384 - 127 * 24 - 40
                - (pg_current_wal_insert_lsn() - '0/0')::bigint % 1048576)::int + 2000)))`,
    )
    switched = await switchWal(cluster)
    expect(switched).toBe(near?.name)
    await archived(cluster)
    const first = toLsn(place.lsn) / size + 1n
    filled = fs.readdirSync(archive).find((name) => /^[0-9A-F]{24}$/.test(name) && BigInt(`0x${name.slice(8)}`) === first) ?? ''
    records = recordsOf(cluster.bin, archive, filled)
  }, 120_000)
  afterAll(() => origin?.cluster.remove())

  /** The archive as if this were the last segment of it, with 8 KiB more in the length of the record; verified. */
  async function flipLength(last: string, record: WalRecord | null, more?: (bytes: Buffer, at: number) => void) {
    const folder = tempFolder('lengths')
    for (const name of fs.readdirSync(origin.archive)) {
      if (name <= last) fs.copyFileSync(path.join(origin.archive, name), path.join(folder, name))
    }
    const sound = await verifyWalChain(core.app.services, { folder, backup: from, signal })
    expect(sound.verification.ok, sound.verification.detail).toBe(true)
    if (record) {
      const file = path.join(folder, last)
      const bytes = fs.readFileSync(file)
      const at = Number(record.at % size)
      expect(bytes.readUInt32LE(at)).toBe(record.length)
      bytes.writeUInt32LE(record.length ^ 8192, at)
      more?.(bytes, at)
      const { mtime } = fs.statSync(file)
      fs.writeFileSync(file, bytes)
      fs.utimesSync(file, mtime, mtime)
    }
    const { verification, chain } = await verifyWalChain(core.app.services, { folder, backup: from, signal })
    const index = await readArchiveIndex(core.app.services, folder, { signal })
    return { verification, chain, entry: index.segments.find(({ file }) => file === last) }
  }

  const onLastPage = () => records.filter(({ at, end }) => at % size > lastPage && (end - 1n) / size === at / size)

  it.each([
    ['the last one that ends in it', () => onLastPage().at(-1)],
    ['the first one of the last page', () => onLastPage()[0]],
  ])('a length on the last page, of %s', async (_, choose) => {
    const record = choose()
    if (!record) throw new Error('no record ends on the last page')
    const { verification, chain, entry } = await flipLength(filled, record)
    const at = formatLsn(record.at)
    const words = `the record says that it has ${record.length ^ 8192} bytes, and its checksum is that of ${record.length} bytes`
    expect(verification).toMatchObject({
      ok: false,
      detail: `${filled} is damaged at ${at}: ${words}. Nothing after ${at} can be reached.`,
    })
    expect(formatLsn(chain.reaches)).toBe(at)
    expect(entry).toMatchObject({ damage: { lsn: at, from: null }, end: at })
  })

  it('a length on the last page and more of the record: the next one tells', async () => {
    const [record, next] = onLastPage()
    if (!record || !next) throw new Error('no two records end on the last page')
    const { verification } = await flipLength(filled, record, (bytes, at) =>
      bytes.writeUInt8(bytes.readUInt8(at + 60) ^ 1, at + 60),
    )
    const at = formatLsn(record.at)
    expect(verification.detail).toBe(
      `${filled} is damaged at ${at}: the record says that it has ${record.length ^ 8192} bytes, and the next one begins at ${formatLsn(next.at)}. Nothing after ${at} can be reached.`,
    )
  })

  it('a length in the middle of the segment, in pg_waldump’s words', async () => {
    const record = records[Math.floor(records.length / 2)]
    if (!record) throw new Error('there is no record')
    const { verification } = await flipLength(filled, record)
    expect(verification.ok).toBe(false)
    expect(verification.detail).toMatch(new RegExp(`^${filled} is damaged at ${formatLsn(record.at)}: `))
  })

  it('the length of a switch on the last page', async () => {
    const record = recordsOf(origin.cluster.bin, origin.archive, switched).at(-1)
    expect(record).toMatchObject({ switches: true, length: 24 })
    expect((record?.at ?? 0n) % size).toBeGreaterThan(lastPage)
    const { verification } = await flipLength(switched, record ?? null)
    const at = formatLsn(record?.at ?? 0n)
    expect(verification).toMatchObject({
      ok: false,
      detail: `${switched} is damaged at ${at}: the record says that it has 8216 bytes, and its checksum is that of 24 bytes. Nothing after ${at} can be reached.`,
    })
  })

  it('a record that goes on in the next segment is sound as far as it is here, whatever its length', async () => {
    const next = records.at(-1)
    if (!next) throw new Error('there is no record')
    expect(next.end).toBeLessThanOrEqual((next.at / size + 1n) * size)
    // pg_waldump lists what it could read: what follows the last of these goes on in the next segment, or there is none.
    expect((await flipLength(filled, null)).verification.ok).toBe(true)
    const rest = (next.at / size + 1n) * size - next.end
    if (rest < 24n) return
    const beyond = { at: next.end, length: 0, end: 0n, switches: false }
    const bytes = fs.readFileSync(path.join(origin.archive, filled))
    beyond.length = bytes.readUInt32LE(Number(next.end % size))
    const { verification, chain } = await flipLength(filled, beyond)
    expect(verification.ok, verification.detail).toBe(true)
    expect(chain.reaches % size).toBe(0n)
  })
})
