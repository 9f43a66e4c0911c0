// What pg_basebackup, pg_dump and pg_dumpall left in a library by themselves: recognised, verified, adopted without a changed
// byte, restored; what is damaged or is no backup is refused in words.
import { execFileSync } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ForeignBackup } from '../../shared/contracts/backups'
import { endMajors, startCluster, type TestCluster } from '../support/clusters'
import { hashesOf, hashesOfBackup } from '../support/physicalCopy'
import { tempFolder } from '../support/tempFolder'
import { type BaseCore, baseCore, recordIn } from './baseSetup'

let base: BaseCore
let library: string
const clusters = new Map<number, TestCluster>()

beforeAll(async () => {
  base = await baseCore()
  library = base.library
})
afterAll(async () => {
  for (const cluster of clusters.values()) await cluster.remove()
})

async function clusterOf(major: number): Promise<TestCluster> {
  const known = clusters.get(major)
  if (known) return known
  const cluster = await startCluster({ major, prefix: `foreign${major}`, conf: major >= 17 ? { summarize_wal: 'on' } : {} })
  clusters.set(major, cluster)
  await cluster.sql('CREATE DATABASE shop')
  await cluster.sql("CREATE TABLE goods AS SELECT i AS id, 'item ' || i AS name FROM generate_series(1, 2000) i", 'shop')
  await cluster.sql('CREATE TABLE nothing (id int)', 'shop')
  await cluster.sql("CREATE ROLE keeper LOGIN PASSWORD 'secret'")
  return cluster
}

function run(cluster: TestCluster, program: string, argv: readonly string[]): void {
  execFileSync(path.join(cluster.bin, program), argv, { env: { ...process.env, ...cluster.toolEnv() }, stdio: 'pipe' })
}

/** `<library>/by hand <major>`, with one of each. */
async function fill(major: number): Promise<{ cluster: TestCluster; folder: string }> {
  const cluster = await clusterOf(major)
  const folder = path.join(library, `by hand ${major}`)
  if (fs.existsSync(folder)) return { cluster, folder }
  fs.mkdirSync(folder, { recursive: true })
  const at = (name: string) => path.join(folder, name)
  run(cluster, 'pg_basebackup', ['-D', at('plain'), '-X', 'stream', '-c', 'fast', '-l', 'by hand'])
  run(cluster, 'pg_basebackup', ['-D', at('tars'), '-F', 't', '-X', 'stream', '-c', 'fast', '-l', 'in tars'])
  run(cluster, 'pg_basebackup', ['-D', at('packed'), '-F', 't', '-z', '-X', 'fetch', '-c', 'fast', '-l', 'packed'])
  run(cluster, 'pg_dump', ['-Fc', '-f', at('shop.dump'), 'shop'])
  run(cluster, 'pg_dump', ['-Fd', '-f', at('shop folder'), 'shop'])
  run(cluster, 'pg_dump', ['-Fd', '-Z0', '-f', at('shop flat'), 'shop'])
  run(cluster, 'pg_dump', ['-Fd', '-Z0', '--inserts', '-f', at('shop inserts'), 'shop'])
  run(cluster, 'pg_dump', ['-Ft', '-f', at('shop.tar'), 'shop'])
  run(cluster, 'pg_dump', ['-Fp', '-f', at('shop.sql'), 'shop'])
  run(cluster, 'pg_dumpall', ['-f', at('all.sql')])
  fs.writeFileSync(at('notes.txt'), 'no backup')
  fs.writeFileSync(at('other.sql'), '-- my own script\nSELECT 1;\n')
  return { cluster, folder }
}

async function foreign(folder: string): Promise<Map<string, ForeignBackup>> {
  const { foreign: all } = await base.core.api.backups.list({})
  return new Map(all.filter((one) => one.path.startsWith(folder)).map((one) => [path.basename(one.path), one]))
}

/** Names and SHA-256 of everything below, without our record. */
function sums(folder: string): Record<string, string> {
  if (fs.statSync(folder).isFile()) return { '': crypto.createHash('sha256').update(fs.readFileSync(folder)).digest('hex') }
  const found: Record<string, string> = {}
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const file = path.join(entry.parentPath, entry.name)
    if (entry.isFile())
      found[path.relative(folder, file)] = crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex')
  }
  return found
}

async function adopt(at: string) {
  return base.core.ended(await base.core.api.backups.adopt({ path: at, server: 'by hand', label: 'adopted' }))
}

describe.each(endMajors())('PostgreSQL %i', (major) => {
  test('each is listed with what its files tell', async () => {
    const { cluster, folder } = await fill(major)
    const found = await foreign(folder)
    expect([...found.keys()].toSorted()).toEqual(
      [
        ...['all.sql', 'packed', 'plain', 'shop flat', 'shop folder', 'shop inserts'],
        ...['shop.dump', 'shop.sql', 'shop.tar', 'tars'],
      ].toSorted(),
    )
    const version = expect.stringMatching(new RegExp(`^${major}\\.\\d+$`))
    expect(found.get('shop.dump')).toMatchObject({ kind: 'dump', format: 'custom', database: 'shop', version, problem: '' })
    expect(found.get('shop folder')).toMatchObject({ kind: 'dump', format: 'directory', database: 'shop', version, problem: '' })
    expect(found.get('shop.tar')).toMatchObject({ kind: 'dump', format: 'tar', database: 'shop', version, problem: '' })
    expect(found.get('shop.sql')).toMatchObject({ kind: 'dump', format: 'plain', version, problem: '' })
    expect(found.get('all.sql')).toMatchObject({ kind: 'cluster-dump', format: 'plain', problem: '' })
    const [control] = await cluster.sql('SELECT system_identifier::text AS id FROM pg_control_system()')
    expect(found.get('plain')).toMatchObject({
      ...{ kind: 'base-backup', format: 'plain', version: String(major), label: 'by hand', problem: '' },
      physical: {
        manifest: true,
        incremental: false,
        systemIdentifier: major >= 17 ? control?.id : null,
        start: { timeline: 1 },
      },
    })
    expect(found.get('tars')).toMatchObject({ kind: 'base-backup', format: 'tar', label: 'in tars', problem: '' })
    expect(found.get('packed')).toMatchObject({ kind: 'base-backup', format: 'tar', label: 'packed', problem: '' })
    expect(Number(found.get('plain')?.size)).toBeGreaterThan(10_000_000)
    const gap = Date.now() - Date.parse(found.get('shop.dump')?.at ?? '')
    expect(gap).toBeLessThan(300_000)
  }, 180_000)

  test('verified without a record, each is read in full and left as it is', async () => {
    const { folder } = await fill(major)
    const before = fs.readdirSync(folder)
    for (const name of before.filter((each) => !['notes.txt', 'other.sql'].includes(each))) {
      const job = await base.core.ended(await base.core.api.backups.verifyForeign({ path: path.join(folder, name) }))
      expect(job.error, name).toBeNull()
      expect(job.state, name).toBe('succeeded')
    }
    expect(fs.readdirSync(folder)).toEqual(before)
  }, 180_000)

  test('a damaged one is named and never gets a record', async () => {
    const { folder } = await fill(major)
    const copy = path.join(library, `damaged ${major}`)
    fs.cpSync(folder, copy, { recursive: true })
    const spoil = (file: string, at: number) => {
      const content = fs.readFileSync(file)
      content.writeUInt8(content.readUInt8(at) ^ 1, at)
      fs.writeFileSync(file, content)
    }
    spoil(path.join(copy, 'plain', 'base', '1', '1259'), 100)
    fs.truncateSync(path.join(copy, 'shop.dump'), fs.statSync(path.join(copy, 'shop.dump')).size - 20)
    fs.truncateSync(path.join(copy, 'all.sql'), fs.statSync(path.join(copy, 'all.sql')).size - 60)
    fs.rmSync(
      path.join(copy, 'shop folder', fs.readdirSync(path.join(copy, 'shop folder')).find((name) => name !== 'toc.dat') ?? ''),
    )
    // pg_restore itself takes uncompressed ones to be whole wherever they end.
    for (const name of ['shop flat', 'shop inserts']) {
      const files = fs.readdirSync(path.join(copy, name)).filter((each) => each !== 'toc.dat')
      const largest = files
        .map((each) => path.join(copy, name, each))
        .toSorted((a, b) => fs.statSync(b).size - fs.statSync(a).size)[0]
      fs.truncateSync(largest ?? '', fs.statSync(largest ?? '').size - 1000)
    }
    spoil(
      path.join(copy, 'tars', 'base.tar'),
      Math.floor(fs.statSync(path.join(copy, 'tars', 'base.tar')).size / 2 / 512) * 512 + 700,
    )
    const said = new Map<string, string>()
    for (const name of ['plain', 'shop.dump', 'all.sql', 'shop folder', 'shop flat', 'shop inserts', 'tars']) {
      const job = await adopt(path.join(copy, name))
      expect(job.state, name).toBe('failed')
      said.set(name, job.error?.message ?? '')
    }
    expect(said.get('plain')).toBe('The backup is not whole: checksum mismatch for file "base/1/1259".')
    expect(said.get('all.sql')).toBe('all.sql does not end as a whole script does: it is cut off.')
    const cut = /^\d+\.dat does not end as the rows of a table do: it is cut off\.$/
    expect(said.get('shop flat')).toMatch(cut)
    expect(said.get('shop inserts')).toMatch(cut)
    expect(said.get('tars')).toMatch(/^The backup is not whole: /)
    expect(fs.readdirSync(copy).toSorted()).toEqual(fs.readdirSync(folder).toSorted())
    fs.rmSync(copy, { recursive: true })
  }, 180_000)

  test('what is no backup, or can’t get a record, is refused in words', async () => {
    const { folder } = await fill(major)
    const refused = async (at: string) => {
      const error = await base.core.api.backups.adopt({ path: at, server: '', label: '' }).then(
        () => 'it was taken',
        (cause: Error) => cause.message,
      )
      return error
    }
    expect(await refused(path.join(folder, 'notes.txt'))).toBe(
      `${folder}/notes.txt is no backup that pg_basebackup, pg_dump or pg_dumpall made.`,
    )
    expect(await refused('/etc/passwd')).toBe('/etc/passwd is in none of the libraries.')
    const bare = path.join(library, `bare ${major}`)
    fs.cpSync(path.join(folder, 'plain'), bare, { recursive: true })
    fs.rmSync(path.join(bare, 'backup_manifest'))
    expect(await refused(bare)).toBe(
      `${bare}: It has no backup_manifest: where it ends is not known, and nothing tells whether its files are whole.`,
    )
    fs.writeFileSync(path.join(bare, 'postmaster.pid'), '1\n')
    expect(await refused(bare)).toBe(
      `${bare}: There is a postmaster.pid in it: a server was started from it, so it is no backup any more.`,
    )
    fs.rmSync(bare, { recursive: true })
    const packed = path.join(folder, 'shop.sql.gz')
    execFileSync('gzip', ['-k', path.join(folder, 'shop.sql')])
    expect(await refused(packed)).toBe(`${packed}: It is packed with gzip: unpack it first, so that its end can be looked at.`)
    fs.rmSync(packed)
  }, 120_000)

  test('adopted, no byte is changed, the catalog has it, and it restores', async () => {
    const { cluster, folder } = await fill(major)
    const now = await hashesOf(['shop'], (db) => cluster.client(db))
    for (const name of [
      'plain',
      'tars',
      'packed',
      'shop.dump',
      'shop folder',
      'shop flat',
      'shop inserts',
      'shop.tar',
      'shop.sql',
      'all.sql',
    ]) {
      const at = path.join(folder, name)
      const before = sums(at)
      const job = await adopt(at)
      expect(job.error, name).toBeNull()
      const place = job.result?.backupPath ?? ''
      expect(place, name).toBe(before[''] === undefined ? at : `${at}-backup`)
      const entry = (await base.core.api.backups.list({})).backups.find((one) => one.path === place)
      expect(entry?.record.label).toBe('adopted')
      expect(entry?.record.source.label).toBe('by hand')
      expect(entry?.record.verifications).toMatchObject([{ ok: true }])
      expect(sums(path.join(place, entry?.record.artifact ?? '')), name).toEqual(before)
      if (entry?.record.kind === 'base-backup') {
        const [control] = await cluster.sql('SELECT system_identifier::text AS id FROM pg_control_system()')
        expect(entry.record.source.systemIdentifier).toBe(control?.id)
        expect(await hashesOfBackup(place, recordIn(place), cluster, ['shop']), name).toEqual(now)
      } else {
        const verified = await base.core.ended(await base.core.api.backups.verify({ path: place }))
        expect(verified.error, name).toBeNull()
      }
    }
    const { backups, foreign: rest } = await base.core.api.backups.list({})
    expect(rest.filter((one) => one.path.startsWith(folder))).toEqual([])
    const all = backups.find((one) => one.path.endsWith('all.sql-backup') && one.path.startsWith(folder))
    expect(all?.record).toMatchObject({ kind: 'cluster-dump', content: 'cluster', rolePasswords: true })
    expect(all?.record.kind === 'cluster-dump' && all.record.databases).toContain('shop')
  }, 240_000)
})

test('a library with thousands of folders is listed fast, and its own backups are all there', async () => {
  const { folder } = await fill(endMajors().at(-1) ?? 18)
  const one = (await base.core.api.backups.list({})).backups.find((entry) => entry.path.startsWith(folder))
  if (!one) throw new Error('nothing was adopted')
  const many = tempFolder('many')
  const text = fs.readFileSync(path.join(one.path, 'walkback.json'), 'utf8')
  for (let count = 0; count < 3000; count += 1) {
    const place = path.join(many, 'server', `backup-${count}`)
    fs.mkdirSync(place, { recursive: true })
    fs.writeFileSync(path.join(place, 'walkback.json'), text)
  }
  for (let count = 0; count < 2000; count += 1) fs.mkdirSync(path.join(many, 'empty', `folder-${count}`), { recursive: true })
  const settings = await base.core.api.host.settings({})
  await base.core.api.host.saveSettings({ ...settings, libraries: [many] })
  const times: number[] = []
  for (let round = 0; round < 2; round += 1) {
    const from = performance.now()
    const { backups } = await base.core.api.backups.list({})
    times.push(performance.now() - from)
    expect(backups.filter((entry) => entry.library === many)).toHaveLength(3000)
  }
  await base.core.api.host.saveSettings({ ...settings, libraries: [library] })
  process.stderr.write(`3000 backups and 2000 other folders: ${times.map((ms) => `${ms.toFixed(0)} ms`).join(', then ')}\n`)
  expect(Math.min(...times)).toBeLessThan(5000)
}, 120_000)
