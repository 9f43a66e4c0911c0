// Recovery in Debian's layout: a base backup whose settings lay under /etc, to a new folder with the saved ones, and in the
// place of a stopped cluster, whose own settings stay and whose data directory is kept.
import fs from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { binFolder } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { type DebianTestCluster, makeDebianCluster } from '../support/debianCluster'
import { type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'
import { factsOf, newPlace, printOf, recover, recoveryRequest, stopServer } from './recoverySetup'

const password = 'of the trial'
let base: BaseCore
let main: DebianTestCluster & { undo(): void }
let login: string
let backup: string

beforeAll(async () => {
  main = await makeDebianCluster()
  base = await baseCore()
  main.control('start')
  main.sql(`ALTER ROLE postgres PASSWORD '${password}'`)
  main.sql(`CREATE TABLE t AS SELECT i AS n FROM generate_series(1, 1000) i`)
  const { id } = await base.core.api.connections.save({
    ...{ id: null, label: 'debian main', colour: 'slate', readOnly: false },
    settings: {
      ...{ host: '127.0.0.1', port: main.port, database: 'postgres', user: 'postgres', sslmode: 'prefer' },
      ...{ sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' },
    },
    password: { kind: 'set', password, remember: false },
  })
  login = id
  backup = folderOf(await base.run(base.request(login)))
  expect(recordIn(backup).configuration.map(({ original }) => path.basename(original))).toContain('postgresql.conf')
}, 240_000)

afterAll(() => {
  main?.control('stop')
  main?.undo()
})

async function count(port: number): Promise<string> {
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres' })
  await client.connect()
  const { rows } = await client.query<{ n: string }>('SELECT count(*)::text AS n FROM t')
  await client.end()
  return rows[0]?.n ?? ''
}

test('to a new folder, with the saved settings adapted; the original goes on', async () => {
  const untouched = printOf(backup)
  const request = await recoveryRequest(backup, { login })
  const { folder, port } = newPlace(request)
  const job = await recover(base.core, request)
  expect(job.error).toBeNull()
  expect(job.issues).toEqual([])
  expect(job.state).toBe('succeeded')
  expect(printOf(backup)).toBe(untouched)
  main.sql('INSERT INTO t VALUES (0)')
  expect(await count(port)).toBe('1000')
  expect(await count(main.port)).toBe('1001')
  const text = fs.readFileSync(path.join(folder, 'postgresql.conf'), 'utf8')
  expect(text).toContain(`# Walkback: data_directory = '${main.dataDirectory}'`)
  expect(fs.existsSync(path.join(folder, 'pg_hba.conf'))).toBe(true)
  stopServer({ bin: binFolder(15) }, folder)
}, 240_000)

test('in the place of a stopped cluster: refused while it runs, and without its name; then it is kept', async () => {
  const replica = await makeDebianCluster('replica')
  try {
    replica.control('start')
    const target = { kind: 'cluster' as const, dataDirectory: replica.dataDirectory }
    const request = await recoveryRequest(backup, { login, destination: target })
    const start = (more = {}) => base.core.api.recovery.startStandalone({ ...request, ...more })
    await expect(start()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(
        new RegExp(
          `^15/replica runs on \\S+ \\(process \\d+, port ${replica.port}\\)\\. Stop it first: files are never put under a running server\\.$`,
        ),
      ),
    })
    replica.control('stop')
    const { control } = await base.core.api.localClusters.inspect({ dataDirectory: replica.dataDirectory })
    const systemIdentifier = control?.systemIdentifier ?? ''
    for (const confirm of [null, { name: 'replica', systemIdentifier }, { name: '15/replica', systemIdentifier: '1' }]) {
      await expect(start({ confirm })).rejects.toMatchObject({
        code: 'preflight',
        message: expect.stringMatching(
          new RegExp(
            `^Type 15/replica: that is 15/replica on \\S+, port ${replica.port}, system identifier ${systemIdentifier}, in ${replica.dataDirectory}\\.$`,
          ),
        ),
      })
    }
    const before = printOf(replica.dataDirectory)
    const settings = printOf(replica.configDirectory)
    const confirmed = { ...request, confirm: { name: '15/replica', systemIdentifier } }
    const preview = await base.core.api.recovery.previewStandalone(confirmed)
    expect(preview.blocked).toBe('')
    expect(preview.renames).toMatchObject([{ from: replica.dataDirectory }])
    const job = await recover(base.core, confirmed)
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    const facts = factsOf(job)
    expect(facts.get('Start it later')).toBe('pg_ctlcluster 15 replica start')
    const kept = facts.get('Kept from before') ?? ''
    expect(kept).toMatch(new RegExp(`^${replica.dataDirectory}\\.before-\\d{4}-\\d\\d-\\d\\dT\\d{6}Z$`))
    expect(printOf(kept)).toBe(before)
    expect(printOf(replica.configDirectory)).toBe(settings)
    const found = fs.statSync(replica.dataDirectory)
    expect([found.uid, found.mode & 0o777]).toEqual([testAccount().uid, 0o700])
    expect(await count(replica.port)).toBe('1000')
    replica.control('stop')
    replica.control('start')
    expect(await count(replica.port)).toBe('1000')
    replica.control('stop')
  } finally {
    replica.undo()
  }
}, 240_000)
