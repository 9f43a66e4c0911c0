// A recovery that begins with an incremental backup: its chain is verified, combined into the unfinished folders and verified
// again, with its tablespaces, standalone and as a script; what is no chain is refused in its exact words before a byte is written.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StandaloneRequest } from '../../shared/contracts/recovery'
import { binFolder, endMajors, startCluster, type TestCluster } from '../support/clusters'
import { startCore } from '../support/core'
import { hashesOf } from '../support/physicalCopy'
import { tempFolder } from '../support/tempFolder'
import { addTablespaces, type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'
import { clientOf, factsOf, newPlace, printOf, recover, recoveryRequest, stopServer } from './recoverySetup'
import { refusal, until } from './walSetup'

let base: BaseCore
beforeAll(async () => {
  base = await baseCore()
})

const majors = endMajors().filter((major) => major >= 17)
const long = process.env.WALKBACK_LONG === '1'

describe.each(majors)('PostgreSQL %i', (major) => {
  let cluster: TestCluster
  let login: string
  /** Full, incremental, incremental. */
  let chain: string[]
  let hashes: Awaited<ReturnType<typeof hashesOf>>
  let names: string[]

  const take = async (parent: string | null, format: 'plain' | 'tar' = 'plain') =>
    folderOf(await base.run(base.request(login, { parent, format })))

  beforeAll(async () => {
    cluster = await startCluster({ major, prefix: `recinc${major}`, conf: { summarize_wal: 'on' } })
    login = await base.connect(cluster)
    await addTablespaces(cluster, 1000)
    chain = [await take(null)]
    await cluster.sql(
      `UPDATE plain SET note = 'changed ' || id WHERE id % 50 = 0; INSERT INTO quick SELECT i, 'new ' || i FROM generate_series(5000, 5500) i;
       CREATE TABLE later TABLESPACE "cold=disk" AS SELECT i AS id FROM generate_series(1, 500) i`,
      'shop',
    )
    chain.push(await take(chain[0] ?? ''))
    await cluster.sql('DELETE FROM old WHERE id % 3 = 0; CREATE TABLE last AS SELECT 1 AS id', 'shop')
    chain.push(await take(chain[1] ?? ''))
    hashes = await hashesOf(['shop'], (db) => cluster.client(db))
    await cluster.sql('CREATE TABLE after_all AS SELECT 1 AS id', 'shop')
    names = chain.map((folder) => path.basename(folder))
  }, 240_000)

  afterAll(() => cluster.remove())

  const untouched = () => chain.map((folder) => printOf(folder)).join('\n')

  /** Everything in it is as it was when the last backup of the chain ended, each tablespace in a folder of its own. */
  async function expectWhole(request: StandaloneRequest): Promise<void> {
    const { folder, port } = newPlace(request)
    expect(await hashesOf(['shop'], clientOf(cluster, port))).toEqual(hashes)
    const client = await clientOf(cluster, port)('postgres')
    const { rows } = await client.query<{ folder: string }>(
      `SELECT pg_tablespace_location(oid) AS folder FROM pg_tablespace WHERE spcname IN ('fast disk', 'cold=disk')`,
    )
    await client.end()
    expect(rows).toHaveLength(2)
    for (const row of rows) expect(path.dirname(row.folder)).toBe(`${folder}.tablespaces`)
    const left = fs.readdirSync(path.dirname(folder)).concat(fs.readdirSync(folder))
    expect(left.filter((name) => /partial|walkback-|backup_manifest/.test(name))).toEqual([])
  }

  test('by itself, after a cancel: combined, verified, started, and every row is there', async () => {
    const before = untouched()
    const request = await recoveryRequest(chain[2] ?? '', { login, verify: false })
    const { folder } = newPlace(request)
    const inspected = await base.core.api.recovery.inspect(request.source)
    expect(inspected.chain.map((link) => link.path)).toEqual(chain)
    const preview = await base.core.api.recovery.previewStandalone(request)
    expect(preview.blocked).toBe('')
    const found = (id: string) => preview.preflight.find((row) => row.id === id)
    expect(found('chain')?.found).toBe(
      `The full backup ${names[0]} and 2 incremental ones, each building on the one before; pg_combinebackup looks at their files when it starts.`,
    )
    expect(found('verify')?.found).toMatch(/^Each backup of the chain is read and compared before anything is written/)
    // What is needed is the size of the result, not that of the incremental backup.
    const needed = /, about ([\d.]+) MB needed\.$/.exec(found('space')?.found ?? '')?.[1]
    expect(Number(needed) * 1024 * 1024).toBeGreaterThan(Number(inspected.size) * 0.99)
    expect(BigInt(inspected.size)).toBeGreaterThan(BigInt(recordIn(chain[2] ?? '').size))
    const shown = preview.commands.map(({ title, program, words }) => [title, program, words.length])
    expect(shown.map(([title]) => title)).toEqual([
      ...names.map((name) => `Verify ${name}`),
      'Combine',
      'Verify the result',
      'Control file',
      'Start',
    ])

    // Cancelled while it is combined: plainly unfinished, and the same request starts again.
    const started = await base.core.api.recovery.startStandalone(request)
    await until('it to combine', async () => {
      const { steps } = await base.core.api.jobs.get(started)
      return steps.some(({ id, state }) => id === 'combine' && state === 'running')
    })
    await base.core.api.jobs.cancel(started)
    const cancelled = await base.core.ended(started)
    expect(cancelled.state).toBe('cancelled')
    expect(fs.existsSync(folder)).toBe(false)
    expect(fs.readdirSync(`${folder}.partial`)).toContain('walkback-unfinished')
    expect(cancelled.leftovers).toContain(`${folder}.partial: unfinished. Starting again removes it first.`)
    expect(untouched()).toBe(before)

    const job = await base.core.ended(await base.core.api.jobs.runAgain(started))
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    expect(job.steps.map(({ id, state }) => `${id} ${state}`)).toEqual(
      ['checks', 'verify', 'combine', 'proof', 'settings', 'start', 'consistent', 'connect'].map((id) => `${id} done`),
    )
    // What ran is what was shown.
    for (const command of preview.commands) {
      if (!/^(Verify|Combine)/.test(command.title)) continue
      expect(job.commands.map(({ words }) => words)).toContainEqual(command.words)
    }
    expect(factsOf(job).get('Combined from')).toBe(names.join(', '))
    expect(factsOf(job).get('Backup')).toBe(`${chain[2]}, only read`)
    try {
      await expectWhole(request)
    } finally {
      stopServer(cluster, folder)
    }
    expect(untouched()).toBe(before)
    fs.rmSync(path.dirname(folder), { recursive: true })
  }, 180_000)

  test('the script does the same on a machine without Walkback', async () => {
    const before = untouched()
    const request = await recoveryRequest(chain[2] ?? '', { login })
    const { folder } = newPlace(request)
    const { script } = await base.core.api.recovery.previewStandalone(request)
    const text = (script ?? '').replaceAll('sudo -u postgres ', 'runuser -u postgres -- ')
    execFileSync('sh', ['-s'], { input: text, cwd: '/', stdio: ['pipe', 'ignore', 'pipe'] })
    try {
      await until('it to take connections', () =>
        /ready to accept connections/.test(fs.readFileSync(path.join(folder, 'log', 'server.log'), 'utf8')),
      )
      await expectWhole(request)
    } finally {
      stopServer(cluster, folder)
    }
    expect(untouched()).toBe(before)
    fs.rmSync(path.dirname(folder), { recursive: true })
  }, 120_000)

  test.each(long ? ['to its consistency'] : [])(
    'a drill of it, %s',
    async () => {
      const { api } = base.core
      const before = untouched()
      const { place, user } = await api.drill.prepare({ backup: chain[2] ?? '' })
      const started = await api.drill.start({ backup: chain[2] ?? '', point: null, place, user })
      const job = await base.core.ended(started)
      expect(job.error).toBeNull()
      expect(job.steps.map(({ id, state }) => `${id} ${state}`)).toEqual(expect.arrayContaining(['combine done', 'proof done']))
      expect(recordIn(chain[2] ?? '').verifications.at(-1)).toMatchObject({ level: 'drill', ok: true })
      // The result is kept in the record of the last alone.
      expect(untouched().split('\n').length).toBe(before.split('\n').length)
    },
    180_000,
  )

  describe('is refused before anything is written', () => {
    /** The chain in a library of its own, to be spoilt; the other libraries are not looked at. */
    async function withCopy(spoil: (copies: string[]) => void, then: (copies: string[]) => Promise<void>): Promise<void> {
      const library = tempFolder('spoilt')
      const copies = chain.map((folder) => path.join(library, 'server', path.basename(folder)))
      fs.mkdirSync(path.join(library, 'server'))
      for (const [at, copy] of copies.entries()) execFileSync('cp', ['-a', chain[at] ?? '', copy])
      spoil(copies)
      const settings = await base.core.api.host.settings({})
      await base.core.api.host.saveSettings({ ...settings, libraries: [library] })
      try {
        await then(copies)
      } finally {
        await base.core.api.host.saveSettings(settings)
      }
    }

    async function refusedWith(folder: string): Promise<{ code: string; message: string; hint: string }> {
      const request = await recoveryRequest(folder, { login })
      const refused = await refusal(base.core.api.recovery.startStandalone(request))
      expect(fs.readdirSync(path.dirname(newPlace(request).folder))).toEqual([])
      return { code: refused.code, message: refused.message, hint: refused.hint ?? '' }
    }

    const hint =
      'An incremental backup needs all that it builds on, in plain format, in a library. Put that back from a copy, or recover from a full backup.'

    test('a parent that is missing', () =>
      withCopy(
        ([full = '']) => fs.rmSync(full, { recursive: true }),
        async ([, first = '', second = '']) => {
          const from = recordIn(first).incremental?.from
          const message = `${names[1]} builds on a backup from ${from?.lsn} on timeline ${from?.timeline} that is in none of the libraries.`
          expect(await refusedWith(second)).toEqual({ code: 'preflight', message, hint })
          expect(await refusal(base.core.api.recovery.inspect({ path: second }))).toMatchObject({ message })
        },
      ))

    test('a parent that was replaced by another', () =>
      withCopy(
        ([full = '']) => {
          const file = path.join(full, 'walkback.json')
          const record = JSON.parse(fs.readFileSync(file, 'utf8'))
          record.source.systemIdentifier = '7000000000000000001'
          fs.writeFileSync(file, JSON.stringify(record))
        },
        async ([, , second = '']) => {
          const own = recordIn(chain[0] ?? '').source.systemIdentifier
          const message = `${names[1]} is of the cluster ${own}, and ${names[0]} of 7000000000000000001.`
          expect(await refusedWith(second)).toEqual({ code: 'preflight', message, hint })
        },
      ))

    test('a parent with another cluster’s files', () =>
      withCopy(
        ([full = '']) => {
          const file = path.join(full, 'data', 'global', 'pg_control')
          const control = fs.readFileSync(file)
          control.writeBigUInt64LE(7000000000000000001n, 0)
          fs.writeFileSync(file, control)
        },
        async ([, , second = '']) => {
          const own = recordIn(chain[0] ?? '').source.systemIdentifier
          expect((await refusedWith(second)).message).toBe(
            `${names[0]}: This backup holds files of two clusters: ${own} and 7000000000000000001.`,
          )
        },
      ))

    test('a parent with a file that is too short, or not there', () =>
      withCopy(
        ([full = '', first = '']) => {
          fs.truncateSync(path.join(full, 'data', 'PG_VERSION'), 1)
          fs.rmSync(path.join(first, 'data', 'global', 'pg_filenode.map'))
        },
        async ([, , second = '']) => {
          expect((await refusedWith(second)).message).toBe(
            `The backup is damaged: ${names[0]}/PG_VERSION has 1 bytes, the manifest says 3; ${names[1]}/global/pg_filenode.map is missing: the manifest lists it.`,
          )
        },
      ))

    test('members in tar format', () =>
      withCopy(
        ([full = '']) => {
          const file = path.join(full, 'walkback.json')
          fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/"format":\s*"plain"/, '"format":"tar"'))
        },
        async ([, , second = '']) => {
          const message = `${names[0]} is in tar format: pg_combinebackup reads plain backups alone. Unpack base.tar of each into a folder of its own, with its backup_manifest, combine those folders with pg_combinebackup, and use the result; or begin with a full backup.`
          expect(await refusedWith(second)).toEqual({ code: 'preflight', message, hint })
        },
      ))

    test('one without a record, of which nothing tells what it builds on', async () => {
      const folder = path.join(chain[1] ?? '', 'data')
      expect(await refusedWith(folder)).toEqual({
        code: 'bad_input',
        message: `This is an incremental backup: it holds only what changed since ${recordIn(chain[1] ?? '').incremental?.from.lsn}, and nothing tells which backups it builds on.`,
        hint: 'Put it and those into a library and add a record to each, on the page Backups, the full one first.',
      })
    })

    test('damage that only its checksum shows is found before the first byte, by name', () =>
      withCopy(
        ([full = '']) => {
          const file = path.join(full, 'data', 'global', 'pg_control')
          const control = fs.readFileSync(file)
          control[4000] = 255
          fs.writeFileSync(file, control)
        },
        async ([, , second = '']) => {
          const request = await recoveryRequest(second, { login, verify: false })
          const job = await recover(base.core, request)
          expect(job.state).toBe('failed')
          expect(job.error?.message).toMatch(
            new RegExp(`^The backup is damaged: ${names[0]}/global/pg_control is not as the manifest says`),
          )
          expect(fs.readdirSync(path.dirname(newPlace(request).folder))).toEqual([])
        },
      ))

    test('with programs that are older than 17', async () => {
      const poor = await startCore()
      const settings = await poor.api.host.settings({})
      await poor.api.host.saveSettings({
        ...settings,
        libraries: [base.library],
        installationFolders: [binFolder(endMajors()[0] ?? 13)],
      })
      await poor.api.host.installations({ refresh: true })
      const request = await recoveryRequest(chain[2] ?? '')
      const { preflight } = await poor.api.recovery.previewStandalone(request)
      const blockers = preflight.filter(({ result }) => result === 'blocker').map(({ check, found }) => `${check}: ${found}`)
      expect(blockers).toEqual([
        expect.stringMatching(/^Version: The backup is of PostgreSQL \d+, whose server is not on this machine\./),
        expect.stringMatching(
          new RegExp(
            `^Chain: There is no pg_combinebackup on this machine\\. The server is ${major}\\.\\d+\\. Install postgresql-client-${major} .*, or add the folder that holds it in Settings\\.$`,
          ),
        ),
      ])
      expect(await refusal(poor.api.recovery.startStandalone(request))).toMatchObject({ code: 'preflight' })
      expect(fs.readdirSync(path.dirname(newPlace(request).folder))).toEqual([])
      await poor.stop()
    })
  })
})
