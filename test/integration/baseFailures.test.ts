// Base backups that go wrong: killed programs and servers, cancels, full disks. Nothing that looks finished stays, no slot, no
// process; and the password shows nowhere.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { BaseBackupRequest } from '../../shared/contracts/baseBackup'
import type { JobSnapshot } from '../../shared/jobs/job'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'
import { addTablespaces, type BaseCore, baseCore, folderOf, left, recordIn } from './baseSetup'
import { filesBelow, watchProcesses } from './dumpSetup'

const kills = process.env.WALKBACK_LONG === '1' ? 20 : 2

let base: BaseCore
let cluster: TestCluster
let connectionId: string

beforeAll(async () => {
  base = await baseCore()
  cluster = await startCluster({ major: newestMajor(), prefix: 'basefail' })
  await addTablespaces(cluster)
  connectionId = await base.connect(cluster)
}, 60_000)

beforeEach(() => fs.rmSync(base.library, { recursive: true, force: true }))

afterAll(async () => {
  await cluster?.remove()
})

/** About three seconds of work. */
function slow(more: BaseBackupRequest['options'] = {}, rest: Partial<BaseBackupRequest> = {}): BaseBackupRequest {
  return base.request(connectionId, { options: { walMethod: 'stream', checkpoint: 'fast', maxRate: '12M', ...more }, ...rest })
}

/** Our programs that name the library in their command line, children that pg_basebackup forked too. */
function programs(): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return /pg_basebackup|pg_verifybackup|pg_waldump/.test(command) && command.includes(base.library)
      } catch {
        return false // gone since
      }
    })
    .map(Number)
}

async function soon(what: string, ready: () => Promise<boolean> | boolean): Promise<void> {
  const until = Date.now() + 120_000
  while (!(await ready())) {
    if (Date.now() > until) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function nothingLeft(job: JobSnapshot): Promise<void> {
  await soon('no program of the job', () => programs().length === 0)
  await soon('no slot', async () => (await cluster.sql('SELECT slot_name FROM pg_replication_slots')).length === 0)
  for (const name of left(base.library)) {
    // Kept with a word on it once pg_basebackup itself had finished; never under a finished name.
    expect(name).toMatch(/\.partial$/)
    expect(job.leftovers.join('\n')).toContain(name)
  }
  expect(filesBelow(base.library).filter((file) => file.endsWith('walkback.json'))).toEqual([])
  expect(fs.readdirSync(base.core.app.services.paths.scratch)).toEqual([])
}

/** Bytes of a whole backup. Kills come when a part of them has arrived, however fast the machine is just now. */
let whole = 0

function bytesIn(folder: string): number {
  let sum = 0
  for (const file of filesBelow(folder)) sum += fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return sum
}

/** Waits for a random moment in the given slice of the work. Resolves early when the job has ended. */
async function moment(jobId: string, kill: number): Promise<void> {
  const part = ((kill + Math.random()) / kills) * 1.05 * whole
  await soon('its moment', async () => {
    return bytesIn(base.library) >= part || (await base.core.api.jobs.get({ jobId })).endedAt !== null
  })
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 100))
}

test('the password is in no command line, environment, log, record or job', async () => {
  const seen = watchProcesses(cluster.password, 250)
  const { jobId } = await base.core.api.baseBackup.start(
    base.request(connectionId, { options: { walMethod: 'stream', checkpoint: 'fast', slot: 'kept', createSlot: true } }),
  )
  const job = await base.core.ended({ jobId })
  expect(job.error).toBeNull()
  whole = Number(recordIn(folderOf(job)).size)
  expect(seen()).toEqual([])
  expect(await base.core.log({ jobId })).not.toContain(cluster.password)
  expect(JSON.stringify(job)).not.toContain(cluster.password)
  expect(JSON.stringify(recordIn(folderOf(job)))).not.toContain(cluster.password)
  const jobs = filesBelow(base.core.app.services.paths.jobs)
  for (const file of jobs) expect(fs.readFileSync(file, 'utf8')).not.toContain(cluster.password)
  await cluster.sql(`SELECT pg_drop_replication_slot('kept')`)
}, 300_000)

test(`pg_basebackup is killed at ${kills} random moments`, async () => {
  let killed = 0
  for (let kill = 0; kill < kills; kill += 1) {
    const named = kill % 2 === 0
    const request = slow(named ? { slot: 'mine', createSlot: true } : {})
    const { jobId } = await base.core.api.baseBackup.start(request)
    await soon('pg_basebackup', () => programs().length > 0)
    await moment(jobId, kill)
    // The program itself, or the child of it that receives the WAL.
    const victim = programs().at(named ? 0 : -1)
    if (victim !== undefined) process.kill(victim, 'SIGKILL')
    const job = await base.core.ended({ jobId })
    if (job.state === 'succeeded') {
      if (named) await cluster.sql(`SELECT pg_drop_replication_slot('mine')`)
      fs.rmSync(base.library, { recursive: true, force: true })
      continue
    }
    expect(job.state).toBe('failed')
    expect(job.error?.message).toMatch(
      /was ended by the signal SIGKILL, which did not come from Walkback|background process terminated|connection that receives the WAL was lost|child process/,
    )
    killed += 1
    await nothingLeft(job)
    fs.rmSync(base.library, { recursive: true, force: true })
  }
  expect(killed).toBeGreaterThanOrEqual(kills / 2)
}, 900_000)

test(`the server is killed at ${kills} random moments`, async () => {
  let killed = 0
  for (let kill = 0; kill < kills; kill += 1) {
    const named = kill % 2 === 0
    const { jobId } = await base.core.api.baseBackup.start(slow(named ? { slot: 'mine', createSlot: true } : {}))
    await soon('pg_basebackup', () => programs().length > 0)
    await moment(jobId, kill)
    await cluster.stop('kill')
    await cluster.start()
    const job = await base.core.ended({ jobId })
    if (job.state === 'succeeded') {
      // Everything had arrived before: then it is whole.
      execFileSync(path.join(cluster.bin, 'pg_verifybackup'), [path.join(folderOf(job), 'data')])
      if (named) await cluster.sql(`SELECT pg_drop_replication_slot('mine')`)
    } else {
      expect(job.state).toBe('failed')
      expect(job.error?.message).toMatch(
        /connection to the server was lost|connection that receives the WAL was lost|Connection terminated|was ended/,
      )
      killed += 1
      await nothingLeft(job)
    }
    fs.rmSync(base.library, { recursive: true, force: true })
  }
  expect(killed).toBeGreaterThanOrEqual(kills / 2)
}, 900_000)

test('a cancel ends the program, drops the slot and removes the folder; a slot to be kept stays', async () => {
  for (const keepSlot of [false, true]) {
    const { jobId } = await base.core.api.baseBackup.start(slow({ slot: 'mine', createSlot: true }, { keepSlot }))
    await soon('the slot', async () => (await cluster.sql('SELECT 1 FROM pg_replication_slots')).length > 0)
    await base.core.api.jobs.cancel({ jobId })
    const job = await base.core.ended({ jobId })
    expect(job.state).toBe('cancelled')
    expect(left(base.library)).toEqual([])
    if (keepSlot) {
      expect(await base.core.log({ jobId })).toContain('The replication slot mine is kept, as asked for.')
      await cluster.sql(`SELECT pg_drop_replication_slot('mine')`)
    } else expect(await base.core.log({ jobId })).toContain('Dropped the replication slot mine.')
    await nothingLeft(job)
  }
}, 300_000)

test.runIf(process.getuid?.() === 0)(
  'a full disk: said in words, and nothing stays on it',
  async () => {
    const small = path.join(tempFolder('small'), 'disk')
    fs.mkdirSync(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', small])
    try {
      // As tar it is let through with a warning, since nobody knows how small it becomes.
      const job = await base.run(
        base.request(connectionId, { library: small, format: 'tar', options: { walMethod: 'stream', checkpoint: 'fast' } }),
      )
      expect(job.state).toBe('failed')
      expect(job.error?.message).toMatch(/^pg_basebackup \S+ failed: the disk is full\.$/)
      expect(filesBelow(small)).toEqual([])
      await nothingLeft(job)
      const plain = await base.core.api.baseBackup.preview(base.request(connectionId, { library: small }))
      expect(plain.preflight[0]).toMatchObject({ id: 'space', result: 'blocker' })
      expect(plain.preflight[0]?.found).toMatch(/ are free, the databases hold .*: a plain copy can't fit\.$/)
    } finally {
      execFileSync('umount', [small])
    }
  },
  120_000,
)

test('a file that was damaged on the way is found by the verification, and the folder keeps its unfinished name', async () => {
  for (const format of ['plain', 'tar'] as const) {
    const { jobId } = await base.core.api.baseBackup.start(slow({ maxRate: '40M' }, { format, label: 'damaged' }))
    // Whatever is written early is damaged while the rest is still on its way.
    const wanted = format === 'plain' ? /data\/base\/1\/1259$/ : /base\.tar$/
    await soon('the file', () => filesBelow(base.library).some((file) => wanted.test(file) && fs.statSync(file).size > 100_000))
    const file = filesBelow(base.library).find((name) => wanted.test(name)) ?? ''
    await soon('that it is passed', () =>
      format === 'tar' ? fs.statSync(file).size > 4_000_000 : filesBelow(base.library).length > 60,
    )
    const handle = fs.openSync(file, 'r+')
    const byte = Buffer.alloc(1)
    fs.readSync(handle, byte, 0, 1, 70_000)
    fs.writeSync(handle, Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, 70_000)
    fs.closeSync(handle)
    const job = await base.core.ended({ jobId })
    expect(job.state).toBe('failed')
    expect(job.error?.message).toMatch(/^The backup is not whole/)
    expect(job.issues.filter(({ severity }) => severity === 'error')).toHaveLength(1)
    expect(left(base.library)).toEqual([expect.stringMatching(/-damaged\.partial$/)])
    expect(job.leftovers.join()).toContain('-damaged.partial')
    fs.rmSync(base.library, { recursive: true, force: true })
  }
}, 300_000)
