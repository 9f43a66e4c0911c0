// What can be done about an ended restore: rows in the way of a constraint, NOT VALID, the kept database, the report.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { RestoreRequest, RestoreTarget } from '../../shared/contracts/restore'
import type { JobSnapshot } from '../../shared/jobs/job'
import { endMajors, newestMajor, sharedCluster, type TestCluster } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'
import { dropDatabase, dump, exists, makeDatabase, newDatabase, type RestoreLab, restoreLab } from './restoreSetup'

let lab: RestoreLab

beforeAll(async () => {
  lab = await restoreLab()
}, 60_000)

/** Rows that break their constraints can be had only behind the server's back: triggers off, an index called valid. */
async function brokenArchive(at: TestCluster): Promise<string> {
  await makeDatabase(at, 'broken', [
    'CREATE TABLE public.authors (id int PRIMARY KEY)',
    `CREATE TABLE public."b""ooks; --" (id int PRIMARY KEY, "au,thor" int REFERENCES public.authors, email text)`,
    'INSERT INTO public.authors SELECT generate_series(1, 10)',
    `INSERT INTO public."b""ooks; --" SELECT i, 1 + i % 10, 'E' || i FROM generate_series(1, 50) i`,
    `CREATE UNIQUE INDEX emails ON public."b""ooks; --" USING btree (lower(email))`,
    // Rows that no author has, and emails that are there twice.
    `SET session_replication_role = replica; INSERT INTO public."b""ooks; --" VALUES (100, 48212, NULL), (101, 48213, 'x'), (102, NULL, 'y')`,
    `UPDATE pg_index SET indisunique = false WHERE indexrelid = 'public.emails'::regclass`,
    `INSERT INTO public."b""ooks; --" VALUES (200, 1, 'e7')`,
    `UPDATE pg_index SET indisunique = true WHERE indexrelid = 'public.emails'::regclass`,
  ])
  const file = dump(at, 'broken', 'custom', path.join(lab.folder, `broken${at.major}`))
  await dropDatabase(at, 'broken')
  return file
}

const at0 = (job: JobSnapshot, kind: string) => ({
  jobId: job.id,
  issue: job.issues.findIndex(({ objectKind }) => objectKind === kind),
})

describe.each(endMajors())('PostgreSQL %i', (major) => {
  test('a failed foreign key and unique index: their rows are shown; added as NOT VALID', async () => {
    const at = await sharedCluster(major)
    const id = await lab.connect(at)
    const archive = await brokenArchive(at)
    const job = await lab.run(lab.request(id, archive, newDatabase('mended'), { checkRows: true }))
    expect(job.state).toBe('succeeded_with_warnings')
    expect(job.issues.map(({ objectKind }) => objectKind).toSorted()).toEqual(['FK CONSTRAINT', 'INDEX'])
    expect(job.result?.restored).toMatchObject({ count: 6, kinds: { TABLE: 2, 'TABLE DATA': 2, CONSTRAINT: 2 } })
    const foreign = at0(job, 'FK CONSTRAINT')
    const { constraints } = await lab.core.api.restoreOutcome.constraints({ jobId: job.id })
    const table = 'public.b"ooks; --'
    expect(constraints.toSorted((a, b) => a.kind.localeCompare(b.kind))).toEqual([
      { issue: foreign.issue, kind: 'foreign key', name: 'b"ooks; --_au,thor_fkey', table, notValid: true },
      { issue: at0(job, 'INDEX').issue, kind: 'unique', name: 'emails', table, notValid: false },
    ])
    const found = await lab.core.api.restoreOutcome.rows(foreign)
    expect(found).toMatchObject({
      columns: [
        { name: 'id', type: 'integer' },
        { name: 'au,thor', type: 'integer' },
        { name: 'email', type: 'text' },
      ],
      rows: [
        ['100', '48212', null],
        ['101', '48213', 'x'],
      ],
      total: 2,
      more: false,
      why: 'point to a row that public.authors does not have',
    })
    const doubled = await lab.core.api.restoreOutcome.rows(at0(job, 'INDEX'))
    expect(doubled.rows.toSorted()).toEqual([
      ['200', '1', 'e7'],
      ['7', '8', 'E7'],
    ])
    expect(doubled).toMatchObject({
      total: 2,
      why: 'share (lower(email)) with another row',
    })

    const plan = await lab.core.api.restoreOutcome.notValid(foreign)
    expect(plan).toMatchObject({ database: 'mended', table: 'public.b"ooks; --', port: at.port, there: false })
    expect(plan.sql).toMatch(/ADD CONSTRAINT .* FOREIGN KEY \("au,thor"\) REFERENCES public\.authors\(id\) NOT VALID;$/s)
    const state = async () =>
      at.sql(
        `SELECT convalidated AS valid FROM pg_constraint WHERE contype = 'f' AND confrelid = 'public.authors'::regclass`,
        'mended',
      )
    expect(await state()).toEqual([])
    const shown = await lab.core.api.restoreOutcome.addNotValid(foreign)
    expect(shown.sql).toBe(plan.sql)
    expect(await state()).toEqual([{ valid: false }])
    expect((await lab.core.api.restoreOutcome.notValid(foreign)).there).toBe(true)
    await expect(lab.core.api.restoreOutcome.addNotValid(foreign)).rejects.toThrow(
      /failed: constraint ".*" for relation .* already exists/,
    )
    // New rows are checked from now on.
    await expect(at.sql(`INSERT INTO public."b""ooks; --" VALUES (300, 9999, 'z')`, 'mended')).rejects.toThrow(
      /violates foreign key/,
    )
    // The statement for later does what it says: it refuses while the rows are there, and validates once they are right.
    await expect(at.sql(plan.validate, 'mended')).rejects.toThrow(/violates foreign key/)
    await at.sql(`DELETE FROM public."b""ooks; --" WHERE id IN (100, 101)`, 'mended')
    await at.sql(plan.validate, 'mended')
    expect(await state()).toEqual([{ valid: true }])
    await dropDatabase(at, 'mended')
  }, 60_000)
})

describe('refused', () => {
  test('another kind of error, a place that is none, a job that is no restore; a read-only connection adds nothing', async () => {
    const at = await sharedCluster(newestMajor())
    const id = await lab.connect(at)
    const archive = await brokenArchive(at)
    const job = await lab.run(lab.request(id, archive, newDatabase('refused')))
    const { restoreOutcome } = lab.core.api
    await expect(restoreOutcome.constraints({ jobId: 'nothing' })).rejects.toThrow(/no such job|There is no job/i)
    await expect(restoreOutcome.rows({ jobId: job.id, issue: 99 })).rejects.toThrow('has no error number 100.')
    await expect(restoreOutcome.rows({ jobId: 'nothing', issue: 0 })).rejects.toThrow(/no such job|There is no job/i)
    await expect(restoreOutcome.notValid(at0(job, 'INDEX'))).rejects.toThrow(
      'Only foreign keys and checks can be added as NOT VALID.',
    )
    await expect(restoreOutcome.addNotValid(at0(job, 'INDEX'))).rejects.toThrow(
      'Only foreign keys and checks can be added as NOT VALID.',
    )
    const saved = (await lab.core.api.connections.list({})).connections.find((each) => each.id === id)
    if (!saved) throw new Error('the connection is gone')
    await lab.core.api.connections.save({ ...saved, readOnly: true, password: { kind: 'keep' } })
    await expect(restoreOutcome.addNotValid(at0(job, 'FK CONSTRAINT'))).rejects.toThrow(/read-only/)
    expect(await at.sql(`SELECT conname FROM pg_constraint WHERE contype = 'f'`, 'refused')).toEqual([])
    await lab.core.api.connections.save({ ...saved, readOnly: false, password: { kind: 'keep' } })
    await dropDatabase(at, 'refused')
    await expect(restoreOutcome.rows(at0(job, 'FK CONSTRAINT'))).rejects.toThrow(/refused/)
    await lab.core.api.connections.remove({ connectionId: id })
    for (const call of [restoreOutcome.rows, restoreOutcome.notValid, restoreOutcome.addNotValid])
      await expect(call(at0(job, 'FK CONSTRAINT'))).rejects.toThrow(`${saved.label} is no longer among the connections.`)
  }, 60_000)
})

function replace(database: string): RestoreTarget {
  const like = { owner: '', localeProvider: '', collate: '', ctype: '', locale: '', tablespace: '' } as const
  return { kind: 'replace', database, encoding: 'UTF8', endSessions: false, ...like }
}

async function confirmed(request: RestoreRequest): Promise<RestoreRequest> {
  const { danger } = await lab.core.api.restore.preview(request)
  return { ...request, confirm: { name: danger?.database ?? '', systemIdentifier: danger?.systemIdentifier ?? null } }
}

test('the kept database: shown with its server and size; dropped only by its name, on its server, while it is itself and free', async () => {
  const at = await sharedCluster(newestMajor())
  const id = await lab.connect(at)
  await makeDatabase(at, 'lesson', ['CREATE TABLE t AS SELECT 1 AS x'])
  const archive = dump(at, 'lesson', 'custom', path.join(lab.folder, 'lesson'))
  const job = await lab.run(await confirmed(lab.request(id, archive, replace('lesson'))))
  expect(job.error).toBeNull()
  const database = job.result?.kept?.database ?? ''
  const systemIdentifier = String((await at.sql('SELECT system_identifier::text AS id FROM pg_control_system()'))[0]?.id)
  const { restoreOutcome } = lab.core.api
  const ref = { jobId: job.id }
  const kept = await restoreOutcome.kept(ref)
  expect(kept).toMatchObject({ database, port: at.port, host: '127.0.0.1', systemIdentifier, there: true, why: '', sessions: 0 })
  expect(Number(kept.size)).toBeGreaterThan(1_000_000)

  await expect(restoreOutcome.dropKept({ ...ref, confirm: database.toUpperCase(), systemIdentifier })).rejects.toThrow(
    'The name typed is not the name of the database.',
  )
  await expect(restoreOutcome.dropKept({ ...ref, confirm: 'lesson', systemIdentifier })).rejects.toThrow('The name typed')
  await expect(restoreOutcome.dropKept({ ...ref, confirm: database, systemIdentifier: '1' })).rejects.toThrow(
    `${database} was not dropped: it was confirmed for another server.`,
  )
  const session = await at.client(database)
  await session.query(`SET application_name = 'till 3'`)
  await expect(restoreOutcome.dropKept({ ...ref, confirm: database, systemIdentifier })).rejects.toThrow(
    `${database} was not dropped: it is in use: till 3 as postgres from 127.0.0.1 is connected.`,
  )
  await session.end()
  // Another database that has the name by now is not the one that was kept.
  await at.sql(`ALTER DATABASE ${database} RENAME TO moved`)
  expect(await restoreOutcome.kept(ref)).toMatchObject({ there: false, why: 'it was dropped or renamed meanwhile', size: null })
  await makeDatabase(at, database)
  await expect(restoreOutcome.dropKept({ ...ref, confirm: database, systemIdentifier })).rejects.toThrow(
    `${database} was not dropped: another database has this name now.`,
  )
  expect(await exists(at, database)).toBe(true)
  await dropDatabase(at, database)
  await at.sql(`ALTER DATABASE moved RENAME TO ${database}`)
  await restoreOutcome.dropKept({ ...ref, confirm: database, systemIdentifier })
  expect(await exists(at, database)).toBe(false)
  expect(await exists(at, 'lesson')).toBe(true)
  // Any other restore has nothing of the kind.
  const plain = await lab.run(lab.request(id, archive, newDatabase('plain')))
  await expect(restoreOutcome.kept({ jobId: plain.id })).rejects.toThrow('kept no old database.')
  for (const name of ['lesson', 'plain']) await dropDatabase(at, name)
}, 60_000)

test('the report: everything of the outcome, into a new file that only its owner reads', async () => {
  const at = await sharedCluster(newestMajor())
  const id = await lab.connect(at)
  const archive = await brokenArchive(at)
  const job = await lab.run(lab.request(id, archive, newDatabase('told'), { checkRows: true, analyze: true }))
  const file = path.join(tempFolder('report'), 'told.txt')
  const { jobs } = lab.core.api
  expect(await jobs.saveReport({ jobId: job.id, path: file })).toEqual({ path: file })
  const text = fs.readFileSync(file, 'utf8')
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  for (const line of [
    'Restore into told\n=================\n',
    'Outcome        completed with problems\n',
    'What happened  Completed with 2 errors: 6 of 8 entries restored.\n',
    'Errors and warnings, by object\n------------------------------\n',
    'public.b"ooks; --\n  error INDEX emails (line ',
    '  error FK CONSTRAINT b"ooks; --_au,thor_fkey (line ',
    'DETAIL:  Key (au,thor)=(48212) is not present in table "authors".',
    '2 of 2 tables match, 64 rows.',
    'All         6\n',
    '- ANALYZE in stages: done',
    'pg_restore --host=127.0.0.1',
  ])
    expect(text).toContain(line)
  expect(text).not.toContain(at.password)
  await expect(jobs.saveReport({ jobId: job.id, path: file })).rejects.toThrow(
    `${file} is there already and was not written over.`,
  )
  await expect(jobs.saveReport({ jobId: job.id, path: 'told.txt' })).rejects.toThrow('The report needs an absolute path.')
  await expect(jobs.saveReport({ jobId: job.id, path: path.join(file, 'x') })).rejects.toThrow(/could not be written: ENOTDIR/)
  expect(fs.readFileSync(file, 'utf8')).toBe(text)
  await dropDatabase(at, 'told')
}, 60_000)
