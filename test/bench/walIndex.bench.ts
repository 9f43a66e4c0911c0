// How fast the index of a WAL archive reads, beside pg_waldump alone over the same segments; and how soon one of 10,000 segments
// is open again.
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openIndexFile } from '../../electron/archive/indexFile'
import { type IndexServices, readArchiveIndex } from '../../electron/archive/readArchiveIndex'
import { archiveMap } from '../../shared/model/archiveMap'
import { walChain } from '../../shared/model/walChain'
import { endMajors } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { tempFolder } from '../support/tempFolder'
import { startArchiving, switchWal } from '../support/walArchives'
import { measure, median, timeProgram, writeMeasures } from './measures'
import { sparseSegment } from './sparseArchive'

const quick = process.env.WALKBACK_QUICK === '1'
const run = promisify(execFile)
const { signal } = new AbortController()
const MB = 1024 * 1024

let core: TestCore
beforeAll(async () => {
  core = await startCore()
})
afterAll(() => writeMeasures())

/** The same services with a data folder of its own, where no index is yet. */
function fresh(): IndexServices {
  const { paths, spawn, tools } = core.app.services
  return { spawn, tools, paths: { ...paths, data: tempFolder('bench-index') } }
}

describe('reading', () => {
  test.each(quick ? endMajors().slice(-1) : endMajors())(
    'an archive of PostgreSQL %i',
    async (major) => {
      const { cluster, archive } = await startArchiving({ major, conf: { max_wal_size: "'4GB'", shared_buffers: "'256MB'" } })
      const pgbench = (...args: string[]) =>
        execFileSync(join(cluster.bin, 'pgbench'), [...args, 'postgres'], {
          env: { PATH: '/usr/bin:/bin', ...cluster.toolEnv() },
          stdio: 'ignore',
        })
      pgbench('-i', '-q', '-s', quick ? '5' : '80')
      pgbench('-n', '-c', '4', '-j', '2', '-t', quick ? '4000' : '40000')
      await switchWal(cluster)
      const names = readdirSync(archive)
        .filter((name) => /^[0-9A-F]{24}$/.test(name))
        .toSorted()
      const bytes = names.reduce((sum, name) => sum + statSync(join(archive, name)).size, 0)
      const program = join(cluster.bin, 'pg_waldump')
      const range = ['--path', archive, names[0] ?? '', names.at(-1) ?? '']
      /** Before 15 one run takes one --rmgr: two at once, as the index does. */
      const alone = async () => {
        if (major >= 15) return timeProgram(program, ['--rmgr=Transaction', '--rmgr=XLOG', ...range], { TZ: 'UTC' })
        const from = performance.now()
        const env = { ...process.env, TZ: 'UTC' }
        await Promise.all(
          ['Transaction', 'XLOG'].map((rmgr) =>
            run('/bin/sh', ['-c', 'exec "$0" "$@" >/dev/null', program, `--rmgr=${rmgr}`, ...range], { env }),
          ),
        )
        return performance.now() - from
      }
      const read = async () => {
        const services = fresh()
        const from = performance.now()
        const index = await readArchiveIndex(services, archive, { signal })
        const took = performance.now() - from
        expect(index.segments.every(({ end, damage }) => end !== null && damage === null)).toBe(true)
        return took
      }
      await alone()
      await read()
      const [bare, ours]: [number[], number[]] = [[], []]
      for (let n = 0; n < (quick ? 3 : 5); n += 1) {
        bare.push(await alone())
        ours.push(await read())
      }
      const how = `${names.length} segments of PostgreSQL ${major}`
      measure(`pg_waldump alone, ${how}`, bytes / MB / (median(bare) / 1000), 'MB/s', null)
      measure(`WAL index, first reading, ${how}`, bytes / MB / (median(ours) / 1000), 'MB/s', null)
      measure(`WAL index beside pg_waldump alone, ${how}`, median(bare) / median(ours), 'of its speed', { min: 0.8 })
      await cluster.remove()
    },
    600_000,
  )
})

describe('opening again', () => {
  test('10,000 segments (sparse files with true headers, their index written beforehand)', async () => {
    const folder = tempFolder('bench-segments')
    const services = fresh()
    const count = 10_000
    const size = 16 * MB
    mkdirSync(folder, { recursive: true })
    const entries = Array.from({ length: count }, (_, n) => sparseSegment(folder, n + 1, size))
    const file = await openIndexFile(services.paths.data, folder)
    file.put(entries)
    const times: number[] = []
    for (let n = 0; n < 5; n += 1) {
      const from = performance.now()
      const index = await readArchiveIndex(services, folder, { signal })
      times.push(performance.now() - from)
      expect(index.filesRead).toBe(0)
      expect(index.segments).toHaveLength(count)
    }
    measure('WAL index, 10,000 segments indexed before (sparse), opened again', median(times), 'ms', { max: 1000 })
    const index = await readArchiveIndex(services, folder, { signal })
    const from = performance.now()
    const map = archiveMap(index, 0n, '')
    const chain = walChain(index, { timeline: 1, lsn: BigInt(size) })
    const took = performance.now() - from
    expect(map.timelines).toHaveLength(1)
    expect(chain.segments).toHaveLength(count)
    measure('Map and chain of 10,000 segments', took, 'ms', { max: 250 })
    measure('Map of 10,000 segments, as sent', JSON.stringify(map).length / 1024, 'kB', { max: 256 })
  }, 300_000)
})
