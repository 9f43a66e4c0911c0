// Chains of incremental backups: a chain of three combines, is verified, starts and holds every row; what is no chain is refused.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CombineRequest } from '../../shared/contracts/baseBackup'
import type { JobSnapshot } from '../../shared/jobs/job'
import { binFolder, startCluster, type TestCluster, testMajors } from '../support/clusters'
import { startCore } from '../support/core'
import { hashesOf, hashesOfBackup } from '../support/physicalCopy'
import { tempFolder } from '../support/tempFolder'
import { addTablespaces, type BaseCore, baseCore, folderOf, left, recordIn } from './baseSetup'

const majors = testMajors().filter((major) => major >= 17)

let base: BaseCore
beforeAll(async () => {
  base = await baseCore()
})

interface Chain {
  cluster: TestCluster
  connectionId: string
  /** Full, incremental, incremental. */
  folders: string[]
  hashes: Awaited<ReturnType<typeof hashesOf>>
}
const chains = new Map<number, Chain>()

async function takeBackup(connectionId: string, parent: string | null, format: 'plain' | 'tar' = 'plain'): Promise<string> {
  const job = await base.run(base.request(connectionId, { parent, format }))
  expect(job.error).toBeNull()
  return folderOf(job)
}

async function chainOf(major: number): Promise<Chain> {
  const known = chains.get(major)
  if (known) return known
  const cluster = await startCluster({ major, prefix: `combine${major}`, conf: { summarize_wal: 'on' } })
  await addTablespaces(cluster, 2000)
  const connectionId = await base.connect(cluster)
  const folders = [await takeBackup(connectionId, null)]
  await cluster.sql(
    `UPDATE plain SET note = 'changed ' || id WHERE id % 50 = 0; INSERT INTO quick SELECT i, 'new ' || i FROM generate_series(5000, 6000) i;
     CREATE TABLE later TABLESPACE "cold=disk" AS SELECT i AS id, 'later ' || i AS note FROM generate_series(1, 500) i`,
    'shop',
  )
  folders.push(await takeBackup(connectionId, folders[0] ?? null))
  await cluster.sql('DELETE FROM old WHERE id % 3 = 0; DROP TABLE plain; CREATE TABLE last AS SELECT 1 AS id', 'shop')
  folders.push(await takeBackup(connectionId, folders[1] ?? null))
  const hashes = await hashesOf(['shop'], (db) => cluster.client(db))
  await cluster.sql('CREATE TABLE after_all AS SELECT 1 AS id', 'shop')
  const chain = { cluster, connectionId, folders, hashes }
  chains.set(major, chain)
  return chain
}

afterAll(async () => {
  for (const { cluster } of chains.values()) await cluster.remove()
})

function request(chain: readonly string[], more: Partial<CombineRequest> = {}): CombineRequest {
  return { chain: [...chain], options: {}, library: base.library, label: '', ...more }
}

async function combine(asked: CombineRequest): Promise<JobSnapshot> {
  return base.core.ended(await base.core.api.baseBackup.combine(asked))
}

/** Blockers of the review, as they are shown there. */
async function blockers(asked: CombineRequest): Promise<string[]> {
  const { preflight } = await base.core.api.baseBackup.previewCombine(asked)
  return preflight.filter(({ result }) => result === 'blocker').map(({ found }) => found)
}

/** A copy of the chain in a library of its own, to be spoilt. */
function copyOf(folders: readonly string[]): string[] {
  const library = tempFolder('spoilt')
  return folders.map((folder) => {
    const copy = path.join(library, 'server', path.basename(folder))
    fs.mkdirSync(path.dirname(copy), { recursive: true })
    execFileSync('cp', ['-a', folder, copy])
    return copy
  })
}

describe.each(majors)('PostgreSQL %i', (major) => {
  test('a chain of three combines with its tablespaces, is verified, starts, and holds every row', async () => {
    const { cluster, folders, hashes } = await chainOf(major)
    const [, , last = ''] = folders
    const prepared = await base.core.api.baseBackup.prepareCombine({ path: last })
    expect(prepared.problem).toBe('')
    expect(prepared.chain.map((link) => link.path)).toEqual(folders)
    expect(prepared.chain.map((link) => link.incremental)).toEqual([false, true, true])
    const job = await combine(request(folders, { label: 'made whole' }))
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    const folder = folderOf(job)
    const [record, from] = [recordIn(folder), recordIn(last)]
    expect(record.combinedFrom).toEqual(folders.map((each) => recordIn(each).id))
    expect(record.incremental).toBeNull()
    expect([record.start, record.stop, record.startTime, record.stopTime]).toEqual([
      from.start,
      from.stop,
      from.startTime,
      from.stopTime,
    ])
    expect(record.source.systemIdentifier).toBe(from.source.systemIdentifier)
    expect(record.verifications).toMatchObject([{ level: 'manifest', ok: true }])
    expect(job.steps.map(({ id, state }) => `${id} ${state}`)).toEqual([
      ...['checks done', 'combine done', 'settings skipped', 'verify done', 'checksums done', 'record done'],
    ])
    // The links of the last backup are as they were: relative.
    for (const { oid } of from.tablespaces) {
      expect(fs.readlinkSync(path.join(last, 'data', 'pg_tblspc', oid))).toBe(`../../tablespaces/${oid}`)
      expect(fs.readlinkSync(path.join(folder, 'data', 'pg_tblspc', oid))).toBe(`../../tablespaces/${oid}`)
    }
    expect(await hashesOfBackup(folder, record, cluster, ['shop'])).toEqual(hashes)
  }, 180_000)

  test('other ways to copy and other checksums, where this file system can', async () => {
    const { cluster, folders, hashes } = await chainOf(major)
    const job = await combine(request(folders.slice(0, 2), { options: { copyFileRange: true, manifestChecksums: 'SHA256' } }))
    expect(job.error).toBeNull()
    const record = recordIn(folderOf(job))
    expect(record.manifest?.algorithm).toBe('SHA256')
    expect(record.stop).toEqual(recordIn(folders[1] ?? '').stop)
    const copy = await hashesOfBackup(folderOf(job), record, cluster, ['shop'])
    const tables = Object.keys(copy.shop?.tables ?? {})
    expect(tables).toContain('public.later')
    expect(tables).toContain('public.plain')
    expect(Object.keys(hashes.shop?.tables ?? {})).not.toContain('public.plain')
  }, 180_000)

  test('an incremental backup can build on the result', async () => {
    if (major !== majors.at(-1) && process.env.WALKBACK_LONG !== '1') return expect(majors.at(-1)).toBeGreaterThan(major)
    const { cluster, connectionId, folders } = await chainOf(major)
    const whole = folderOf(await combine(request(folders)))
    await cluster.sql('INSERT INTO last VALUES (2)', 'shop')
    const next = await takeBackup(connectionId, whole)
    const again = folderOf(await combine(request([whole, next])))
    const now = await hashesOf(['shop'], (db) => cluster.client(db))
    expect(await hashesOfBackup(again, recordIn(again), cluster, ['shop'])).toEqual(now)
  }, 180_000)

  test('no chain, wrong order, a lone incremental and a full one are refused in words', async () => {
    const { folders } = await chainOf(major)
    const [full = '', first = '', second = ''] = folders
    const name = (folder: string) => path.basename(folder)
    const { incremental } = recordIn(first)
    expect(await blockers(request([full, second]))).toEqual([
      `${name(second)} builds on a backup that began at ${recordIn(first).start.lsn} on timeline 1, but ${name(full)} began at ${recordIn(full).start.lsn} on timeline 1.`,
    ])
    expect(await blockers(request([first, second]))).toEqual([
      `The backup that ${name(first)} builds on is missing: the one from ${incremental?.from.lsn} on timeline 1.`,
    ])
    expect(await blockers(request([full, second, first]))).toEqual([
      `The order is wrong: ${name(second)} comes after ${name(full)}, and does not build on it.`,
    ])
    expect(await blockers(request([first, full, second]))).toEqual([
      `The order is wrong: ${name(first)} comes first, and it builds on a backup that comes after it.`,
    ])
    expect(await blockers(request([first]))).toEqual([
      `${name(first)} is an incremental backup by itself: its chain begins with a full backup.`,
    ])
    expect(await blockers(request([full]))).toEqual([`${name(full)} is a full backup already: there is nothing to combine.`])
    expect(await blockers(request([full, full]))).toEqual(['The same backup is there twice.'])
    const before = left(base.library)
    await expect(base.core.api.baseBackup.combine(request([first]))).rejects.toMatchObject({ code: 'preflight' })
    expect(left(base.library)).toEqual(before)
  }, 120_000)

  test('a parent that is in no library is named', async () => {
    const { folders } = await chainOf(major)
    const [, first = ''] = folders
    const [full = ''] = folders
    const away = `${tempFolder('away')}/full`
    fs.renameSync(full, away)
    try {
      const { problem } = await base.core.api.baseBackup.prepareCombine({ path: first })
      const from = recordIn(first).incremental?.from.lsn
      expect(problem).toBe(
        `${path.basename(first)} builds on a backup from ${from} on timeline 1 that is in none of the libraries.`,
      )
    } finally {
      fs.renameSync(away, full)
    }
  }, 120_000)

  test('a parent whose files were changed meanwhile is refused by PostgreSQL’s own words', async () => {
    const { folders, connectionId } = await chainOf(major)
    const [full = '', first = ''] = copyOf(folders.slice(0, 2))
    const later = await takeBackup(connectionId, null)
    fs.rmSync(path.join(full, 'data'), { recursive: true })
    execFileSync('cp', ['-a', path.join(later, 'data'), path.join(full, 'data')])
    // Its tablespaces have relative links, so PostgreSQL looks at them when the job runs.
    const job = await combine(request([full, first]))
    expect(job.state).toBe('failed')
    const [laterStart, needed] = [recordIn(later).start.lsn, recordIn(first).incremental?.from.lsn]
    expect(job.error?.code).toBe('conflict')
    expect(job.error?.message).toContain(
      'refuses the chain: an incremental backup does not build on the one before it. It says: ',
    )
    expect(job.error?.message).toContain(`starts at LSN ${laterStart}, but expected ${needed}`)
    expect(left(base.library).filter((name) => name.endsWith('.partial'))).toEqual([])
    for (const { oid } of recordIn(first).tablespaces) {
      expect(fs.readlinkSync(path.join(first, 'data', 'pg_tblspc', oid))).toBe(`../../tablespaces/${oid}`)
    }
  }, 120_000)

  test('a parent of another cluster is refused, by its record and by its files', async () => {
    const { folders } = await chainOf(major)
    const other = await startCluster({ major, prefix: `other${major}`, conf: { summarize_wal: 'on' } })
    try {
      const foreign = await takeBackup(await base.connect(other), null)
      const [full = '', first = ''] = copyOf(folders.slice(0, 2))
      const ids = [recordIn(first), recordIn(foreign)].map(({ source }) => source.systemIdentifier)
      expect(await blockers(request([foreign, first]))).toEqual([
        `${path.basename(first)} is of the cluster ${ids[0]}, and ${path.basename(foreign)} of ${ids[1]}.`,
      ])
      fs.rmSync(path.join(full, 'data'), { recursive: true })
      execFileSync('cp', ['-a', path.join(foreign, 'data'), path.join(full, 'data')])
      const job = await combine(request([full, first]))
      expect(job.error?.message).toMatch(/refuses the chain: .*It says: .*(system identifier|starts at LSN)/)
    } finally {
      await other.remove()
    }
  }, 120_000)

  test('tar, hard links, an unknown option, an option of Walkback’s own and a full disk are refused', async () => {
    const { folders, connectionId } = await chainOf(major)
    const tar = await takeBackup(connectionId, folders[0] ?? null, 'tar')
    expect(await blockers(request([folders[0] ?? '', tar]))).toEqual([
      `${path.basename(tar)} is in tar format: pg_combinebackup reads plain backups alone. Unpack base.tar of each into a folder of its own, with its backup_manifest, combine those folders with pg_combinebackup, and use the result; or begin with a full backup.`,
    ])
    const [linked] = await blockers(request(folders, { options: { link: true } }))
    expect(linked).toMatch(
      major >= 18
        ? /^Files would be shared with the backups of the chain: starting the result/
        : /has no --link; it came with pg_combinebackup 18/,
    )
    expect(await blockers(request(folders, { options: { clone: true, copy: true } }))).toContain(
      "--copy and --clone can't be used together.",
    )
    await expect(base.core.api.baseBackup.previewCombine(request(folders, { options: { output: '/tmp/x' } }))).rejects.toThrow(
      '--output is set by Walkback itself.',
    )
    await expect(base.core.api.baseBackup.previewCombine(request(folders, { options: { nope: true } }))).rejects.toThrow(
      'pg_combinebackup has no option named "nope".',
    )
    const small = tempFolder('small')
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small])
    try {
      const [full] = await blockers(request(folders, { library: small }))
      expect(full).toMatch(/^4\.\d+ MB are free, the result has about [\d.]+ MB: it can't fit\.$/)
    } finally {
      execFileSync('umount', [small])
    }
  }, 120_000)
})

test('cancelled, or out of space while it runs, nothing is left and the chain is as it was', async () => {
  const major = majors.at(-1)
  if (major === undefined) return expect(majors).toEqual([])
  const { folders } = await chainOf(major)
  const before = left(base.library)
  const links = () =>
    recordIn(folders[2] ?? '').tablespaces.map(({ oid }) =>
      fs.readlinkSync(path.join(folders[2] ?? '', 'data', 'pg_tblspc', oid)),
    )
  const relative = links()
  const started = await base.core.api.baseBackup.combine(request(folders))
  await base.core.api.jobs.cancel({ jobId: started.jobId })
  expect((await base.core.ended(started)).state).toBe('cancelled')
  expect(left(base.library)).toEqual(before)
  const small = tempFolder('full')
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', small])
  try {
    // Where blocks may be shared the space is only a warning, so the program itself meets the full disk.
    const job = await combine(request(folders, { library: small, options: { copyFileRange: true } }))
    expect(job.state).toBe('failed')
    expect(job.error?.code).toBe('tool_failed')
    expect(left(small)).toEqual([])
  } finally {
    execFileSync('umount', [small])
  }
  expect(links()).toEqual(relative)
}, 120_000)

test('a program of another major version is refused before anything is written', async () => {
  const [first, second] = majors
  if (first === undefined || second === undefined) return expect(majors.length).toBeLessThan(2)
  const { folders } = await chainOf(first)
  const core = await startCore()
  const settings = await core.api.host.settings({})
  const library = tempFolder('wrong-major')
  await core.api.host.saveSettings({ ...settings, installationFolders: [binFolder(second)], libraries: [library] })
  await core.api.host.installations({ refresh: true })
  await expect(core.api.baseBackup.combine(request(folders, { library }))).rejects.toMatchObject({
    code: 'version_mismatch',
    message: expect.stringMatching(
      new RegExp(
        `^The pg_combinebackup here is ${second}\\.\\d+, and it combines backups of PostgreSQL ${second} alone: these are of ${first}\\.$`,
      ),
    ),
  })
  expect(fs.readdirSync(library)).toEqual([])
}, 120_000)
