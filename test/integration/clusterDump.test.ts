// Whole clusters: sets into empty clusters, scripts of pg_dumpall, what is refused, and what a failure or cancel leaves.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRecord } from '../../electron/library/recordFile'
import { quoteIdentifier } from '../../shared/model/identifier'
import { hostile, markerFile } from '../fixtures/restore/hostileDatabase'
import { newestMajor, startCluster, type TestCluster, testMajors } from '../support/clusters'
import {
  allHashes,
  clusterFacts,
  dumpSet,
  fillCluster,
  globalsText,
  lineBreak,
  newLocations,
  restoreRequest,
  restoreSet,
  setRequest,
  tablespaceFolder,
} from './clusterSetup'
import { filesBelow, foldersIn, watchProcesses } from './dumpSetup'
import { errorsOf, type RestoreLab, restoreLab } from './restoreSetup'

let lab: RestoreLab
let library: string

beforeAll(async () => {
  lab = await restoreLab()
  library = path.join(lab.folder, 'my library')
  const settings = await lab.core.api.host.settings({})
  await lab.core.api.host.saveSettings({ ...settings, libraries: [library], concurrentJobs: 4 })
})

function backupOf(job: { result: { backupPath: string | null } | null }): string {
  const folder = job.result?.backupPath
  if (!folder) throw new Error(`the job made no backup: ${JSON.stringify(job)}`)
  return folder
}

async function withClusters(majors: number[], work: (clusters: TestCluster[]) => Promise<void>): Promise<void> {
  const clusters: TestCluster[] = []
  try {
    for (const major of majors) clusters.push(await startCluster({ major, prefix: 'cluster' }))
    await work(clusters)
  } finally {
    for (const cluster of clusters) await cluster.remove()
  }
}

const pairs: [number, number][] = [testMajors()[0], newestMajor()]
  .filter((major): major is number => major !== undefined)
  .map((major) => [major, major])
if (process.env.WALKBACK_LONG === '1' && testMajors().includes(15) && testMajors().includes(17)) pairs.push([15, 17])

describe.each(pairs)('a set of %i into an empty cluster of %i', (from, to) => {
  it('brings every role, tablespace, database and row, and says the password nowhere', async () => {
    await withClusters([from, to], async ([source, target]) => {
      if (!source || !target) throw new Error('two clusters')
      const { databases } = await fillCluster(source)
      const seen = watchProcesses(source.password)
      const id = await lab.connect(source)
      const job = await dumpSet(lab, setRequest(id, databases, library, { label: 'before the move' }))
      expect(job.error).toBeNull()
      expect(job.state).toBe('succeeded')
      expect(job.steps.map(({ state }) => state)).toEqual(job.steps.map(() => 'done'))
      const folder = backupOf(job)
      const record = await readRecord(folder)
      if (record.kind !== 'dump-set') throw new Error('a set')
      expect(record.databases.map(({ name }) => name)).toEqual(databases)
      const files = filesBelow(folder).filter((file) => file !== path.join(folder, 'walkback.json'))
      expect(record.files.map((file) => path.join(folder, file.path)).toSorted()).toEqual(files.toSorted())

      const other = await lab.connect(target)
      const request = restoreRequest(other, folder, databases, { locations: newLocations(target), analyze: true })
      const preview = await lab.core.api.clusterDump.previewRestore(request)
      expect(preview.blocked).toBe('')
      expect(preview.preflight.find(({ id }) => id === 'own-role')?.found).toBe(
        'postgres, whom you are connected as, keeps its password of this server; the one in the set is not applied.',
      )
      expect(preview.preflight.find(({ id }) => id === 'disk')).toMatchObject({
        result: 'pass',
        found: expect.stringMatching(
          /^Needs about [\d.]+ MB, part of it in tablespaces; [\d.]+ [GT]B free in the data directory\.$/,
        ),
      })
      const restored = await restoreSet(lab, request)
      expect(restored.error).toBeNull()
      expect(errorsOf(restored)).toEqual([])
      expect(restored.state).toBe('succeeded')
      expect(restored.result?.headline).toBe(`Restored ${databases.length} databases: each is whole.`)
      expect(await clusterFacts(target)).toEqual(await clusterFacts(source))
      if (from === to) expect(globalsText(target)).toBe(globalsText(source))
      expect(await allHashes(target, databases)).toEqual(await allHashes(source, databases))
      expect(fs.existsSync(markerFile)).toBe(false)

      expect(seen()).toEqual([])
      const texts = [
        JSON.stringify([job, restored]),
        await lab.core.log({ jobId: job.id }),
        await lab.core.log({ jobId: restored.id }),
      ]
      for (const text of texts) {
        for (const secret of [source.password, target.password, 'app secret', 'SCRAM-SHA-256']) expect(text).not.toContain(secret)
      }
      expect(fs.readdirSync(lab.core.app.services.paths.scratch)).toEqual([])
    })
  })
})

describe('beside an existing cluster', () => {
  let source: TestCluster
  let id: string
  let databases: string[]

  beforeAll(async () => {
    source = await startCluster({ major: newestMajor(), prefix: 'cluster' })
    databases = (await fillCluster(source)).databases
    id = await lab.connect(source, {})
  })

  afterAll(() => source?.remove())

  it('a set is verified as a whole, and only as a whole', async () => {
    const job = await dumpSet(lab, setRequest(id, ['shop', 'old'], library, { options: { jobs: 2, compress: '1' } }))
    const folder = backupOf(job)
    const verified = await lab.core.ended(await lab.core.api.backups.verify({ path: folder }))
    expect(verified.error).toBeNull()
    expect(verified.state).toBe('succeeded')
    const part = path.join(folder, 'databases', '01-shop')
    await expect(lab.core.api.backups.verify({ path: part })).rejects.toMatchObject({
      message: `${part} is part of a set.`,
      hint: `Verify the set: ${folder}`,
    })
    const found = (await lab.core.api.backups.list({})).backups.find((entry) => entry.path === folder)
    expect(found?.record).toMatchObject({ kind: 'dump-set', databases: [{ name: 'shop' }, { name: 'old' }] })
    // One database of it is a dump of its own.
    const facts = await lab.core.api.restore.inspect({ path: part })
    expect(facts).toMatchObject({ database: 'shop', format: 'directory' })
    fs.appendFileSync(path.join(folder, 'globals.sql'), 'DROP ROLE app;\n')
    const damaged = await lab.core.ended(await lab.core.api.backups.verify({ path: folder }))
    expect(damaged.state).toBe('failed')
    expect(damaged.error?.message).toContain('globals.sql has grown')
    await expect(lab.core.api.clusterDump.inspectSet({ path: folder })).rejects.toMatchObject({
      message: 'The roles and tablespaces of this set (globals.sql) are missing or not as recorded.',
    })
  })

  it('a database that fails midway is named, the others are kept, and nothing looks finished', async () => {
    const before = (await lab.core.api.backups.list({})).backups.length
    const locker = await source.client('old')
    await locker.query('BEGIN; LOCK TABLE "ta;ble" IN ACCESS EXCLUSIVE MODE')
    try {
      const job = await dumpSet(
        lab,
        setRequest(id, ['shop', 'old'], library, { label: 'locked', options: { compress: '1', lockWaitTimeout: '1s' } }),
      )
      expect(job.state).toBe('failed')
      expect(job.error?.message).toMatch(
        /^The set is not finished: 1 database failed\. old: pg_dump .* stayed locked by another session/,
      )
      expect(job.error?.hint).toContain('Whole are shop: ')
      expect(job.steps.map(({ id, state }) => [id, state])).toEqual([
        ['checks', 'done'],
        ['globals', 'done'],
        ['database-0', 'done'],
        ['database-1', 'failed'],
        ['record', 'skipped'],
      ])
      const left = foldersIn(library).filter((name) => name.includes('locked'))
      expect(left).toHaveLength(1)
      expect(left[0]).toMatch(/\.partial$/)
      expect(job.leftovers).toEqual([path.join(library, left[0] ?? '')])
      const listed = await lab.core.api.backups.list({})
      expect(listed.backups).toHaveLength(before)
      await expect(lab.core.api.clusterDump.inspectSet({ path: job.leftovers[0] ?? '' })).rejects.toMatchObject({
        message: expect.stringContaining('is unfinished'),
      })
      expect((await readRecord(path.join(job.leftovers[0] ?? '', 'databases', '01-shop'))).kind).toBe('dump')
    } finally {
      await locker.end()
    }
  })

  it('a cancel leaves nothing', async () => {
    const locker = await source.client('old')
    await locker.query('BEGIN; LOCK TABLE "ta;ble" IN ACCESS EXCLUSIVE MODE')
    try {
      const { jobId } = await lab.core.api.clusterDump.start(setRequest(id, ['shop', 'old'], library, { label: 'cancelled' }))
      for (;;) {
        const job = await lab.core.api.jobs.get({ jobId })
        if (job.steps.find((step) => step.id === 'database-0')?.state === 'done') break
        expect(job.endedAt).toBeNull()
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      await lab.core.api.jobs.cancel({ jobId })
      const job = await lab.core.ended({ jobId })
      expect(job.state).toBe('cancelled')
      expect(job.leftovers).toEqual([])
      expect(foldersIn(library).filter((name) => name.includes('cancelled'))).toEqual([])
    } finally {
      await locker.end()
    }
  })

  it('a script brings the whole cluster into an empty one, and harmless errors are called so', async () => {
    const job = await lab.core.ended(
      await lab.core.api.clusterDump.start({
        what: 'cluster',
        connectionId: id,
        options: { lockWaitTimeout: '60s', excludeDatabase: [quoteIdentifier(lineBreak)] },
        library,
        label: '',
      }),
    )
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    const folder = backupOf(job)
    const record = await readRecord(folder)
    expect(record).toMatchObject({ kind: 'cluster-dump', content: 'cluster', rolePasswords: true })
    if (record.kind !== 'cluster-dump') throw new Error('a script')
    expect(record.databases.toSorted()).toEqual([...databases, 'postgres', 'template1'].toSorted())
    const verified = await lab.core.ended(await lab.core.api.backups.verify({ path: folder }))
    expect(verified.state).toBe('succeeded')

    // The tablespace's folder is the source's own here: it is given up before the script makes it anew.
    const expected = { facts: await clusterFacts(source), hashes: await allHashes(source, databases) }
    // The script gives the role postgres the source's password, also to the sessions that it opens after that.
    const target = await startCluster({ major: newestMajor(), prefix: 'cluster', hba: ['host all all 127.0.0.1/32 trust'] })
    try {
      const script = path.join(folder, 'cluster.sql')
      const moved = path.join(lab.folder, 'moved.sql')
      let place = 0
      const text = fs.readFileSync(script, 'latin1').replace(/LOCATION '(?:[^']|'')*'/g, () => {
        place += 1
        return `LOCATION '${tablespaceFolder(target, `elsewhere${place}`)}'`
      })
      fs.writeFileSync(moved, text, 'latin1')
      const other = await lab.connect(target)
      const restored = await lab.run(
        lab.request(other, moved, { kind: 'existing', database: 'postgres' }, { continueOnError: true }),
      )
      expect(errorsOf(restored)).toEqual([])
      expect(restored.issues.map(({ message, harmless }) => [message.replace(/^line \d+: /, ''), harmless !== null])).toEqual([
        [expect.stringContaining('role "postgres" already exists'), true],
      ])
      expect(restored.state).toBe('succeeded')
      expect(await clusterFacts(target)).toEqual(expected.facts)
      expect(await allHashes(target, databases)).toEqual(expected.hashes)
      expect(fs.existsSync(markerFile)).toBe(false)
    } finally {
      await target.remove()
    }
  })

  it.each([
    ['globals', /CREATE ROLE app/, /CREATE TABLESPACE fast/],
    ['roles', /CREATE ROLE app/, null],
    ['tablespaces', null, /CREATE TABLESPACE fast/],
  ] as const)('%s alone', async (what, roles, tablespaces) => {
    const options: Record<string, boolean> = what === 'globals' ? { noRolePasswords: true } : {}
    const job = await lab.core.ended(
      await lab.core.api.clusterDump.start({ what, connectionId: id, options, library, label: '' }),
    )
    expect(job.state).toBe('succeeded')
    const text = fs.readFileSync(path.join(backupOf(job), 'cluster.sql'), 'utf8')
    expect(/CREATE ROLE app/.test(text)).toBe(roles !== null)
    expect(/CREATE TABLESPACE fast/.test(text)).toBe(tablespaces !== null)
    expect(text.includes('SCRAM-SHA-256')).toBe(what === 'roles')
    expect(text).not.toContain('\\connect shop')
  })

  it('refuses what can not be whole, each by name and with the way out', async () => {
    await source.sql(`CREATE DATABASE ${quoteIdentifier(lineBreak)}`)
    await source.sql(`CREATE ROLE plain LOGIN PASSWORD 'plain'`)
    try {
      const script = { what: 'cluster' as const, connectionId: id, options: {}, library, label: '' }
      const { preflight } = await lab.core.api.clusterDump.preview(script)
      const names = preflight.find((row) => row.id === 'names')
      expect(names).toMatchObject({
        result: 'blocker',
        found: 'pg_dumpall can\'t dump a database with a line break in its name: "line\\nbreak". A parallel set can.',
        fixes: [{ action: { key: 'excludeDatabase', value: ['"line\nbreak"'] } }],
      })
      await expect(lab.core.api.clusterDump.start(script)).rejects.toMatchObject({ code: 'preflight' })
      const set = await dumpSet(lab, setRequest(id, [lineBreak], library))
      expect(set.state).toBe('succeeded')

      const plain = await lab.connect(source, { user: 'plain', password: 'plain' })
      const asPlain = await lab.core.api.clusterDump.preview({ ...script, connectionId: plain })
      expect(asPlain.preflight.find((row) => row.id === 'passwords')).toMatchObject({
        result: 'blocker',
        found: 'plain is no superuser and may not read the passwords of roles (pg_authid). pg_dumpall stops there.',
        fixes: [{ action: { key: 'noRolePasswords', value: true } }],
      })
      expect(asPlain.preflight.find((row) => row.id === 'privileges')).toMatchObject({
        result: 'blocker',
        found: 'plain may not connect to sealed, shop; pg_dumpall stops there. Grant it CONNECT, or use a superuser.',
      })
      const setAsPlain = await lab.core.api.clusterDump.preview(setRequest(plain, ['shop', 'old'], library))
      expect(setAsPlain.preflight.filter((row) => row.result === 'blocker').map((row) => row.id)).toEqual([
        'closed:shop',
        'passwords',
        'privileges:old',
      ])
      const owned: Record<string, string | boolean>[] = [{ file: '/etc/x' }, { globalsOnly: true }, { host: 'elsewhere' }]
      for (const options of owned) {
        await expect(lab.core.api.clusterDump.preview({ ...script, options })).rejects.toMatchObject({
          code: 'bad_input',
          message: expect.stringContaining('is set by Walkback itself.'),
        })
      }
      const nowhere = await lab.core.api.clusterDump.preview({ ...script, library: '/etc/hostname' })
      expect(nowhere.preflight.find((row) => row.id === 'library')?.result).toBe('blocker')
    } finally {
      await source.sql(`DROP DATABASE ${quoteIdentifier(lineBreak)}`)
      await source.sql('DROP ROLE plain')
    }
  })

  it('a restore names what stands in its way, and leaves existing roles alone', async () => {
    const folder = backupOf(await dumpSet(lab, setRequest(id, ['shop', 'old'], library, { label: 'ways' })))
    await withClusters([newestMajor()], async ([target]) => {
      if (!target) throw new Error('a cluster')
      const other = await lab.connect(target)
      const elsewhere = newLocations(target)
      const blockers = async (more = {}) =>
        (await lab.core.api.clusterDump.previewRestore(restoreRequest(other, folder, ['shop', 'old'], more))).preflight
          .filter((row) => row.result === 'blocker')
          .map((row) => `${row.check}: ${row.found}`)
      expect(await blockers({ locations: { ...elsewhere, fast: '/no/such/folder' } })).toEqual([
        'Tablespace fast: There is no folder /no/such/folder on the server’s machine: make it, owned by the server’s account.',
      ])
      const foreign = path.join(target.folder, 'foreign')
      fs.mkdirSync(foreign)
      expect(await blockers({ locations: { ...elsewhere, fast: foreign } })).toEqual([
        `Tablespace fast: ${foreign} belongs to another account than the server’s: change its owner (chown).`,
      ])
      await target.sql('CREATE DATABASE shop')
      await target.sql('CREATE TABLE mine AS SELECT 1 AS x', 'shop')
      const place = tablespaceFolder(target, 'place')
      expect(await blockers({ locations: { ...elsewhere, fast: place } })).toEqual([
        'Database shop: shop is on this server already and holds 1 tables and 0 other objects. A set is only restored where its databases are not.',
      ])
      await expect(
        lab.core.api.clusterDump.startRestore(
          restoreRequest(other, folder, ['shop'], { locations: { ...elsewhere, fast: place } }),
        ),
      ).rejects.toMatchObject({ code: 'preflight' })
      expect(await blockers({ globals: false })).toEqual(expect.arrayContaining([expect.stringContaining('Role app is missing')]))

      await target.sql(`CREATE ROLE app PASSWORD 'its own' CONNECTION LIMIT 3`)
      const before = await target.sql(`SELECT rolpassword, rolconnlimit, rolcanlogin FROM pg_authid WHERE rolname = 'app'`)
      const job = await restoreSet(lab, restoreRequest(other, folder, ['old'], { locations: { ...elsewhere, fast: place } }))
      expect(job.state).toBe('succeeded')
      expect(job.result?.facts.find(({ label }) => label === 'Left as they were')?.value).toContain('app')
      expect(await target.sql(`SELECT rolpassword, rolconnlimit, rolcanlogin FROM pg_authid WHERE rolname = 'app'`)).toEqual(
        before,
      )
      expect(await allHashes(target, ['old'])).toEqual(await allHashes(source, ['old']))
      expect(await target.sql('SELECT x FROM mine', 'shop')).toEqual([{ x: 1 }])
      expect(hostile.database).toContain('touch')
    })
  })
})
