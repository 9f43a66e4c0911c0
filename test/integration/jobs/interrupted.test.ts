// What a start makes of jobs that a killed application left: interrupted, with their programs ended and their leftovers named.
import { spawn as spawnChild } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { beforeAll, describe, expect, it } from 'vitest'
import { claimInstance } from '../../../electron/instance'
import { openJobManager } from '../../../electron/jobs/jobManager'
import { listProcPids, readProcStat } from '../../../electron/process/processTable'
import { createSpawnTool } from '../../../electron/process/spawnTool'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { isEnded } from '../../../shared/jobs/transitions'
import { programFile } from '../../fixtures/programs'
import { tempFolder } from '../../support/tempFolder'

const trials = process.env.WALKBACK_LONG === '1' ? 20 : 3
/** From the job's begin to its end on this machine, measured: the moments of the kills are spread over it. */
let jobMs = 0
let jobHost = ''

beforeAll(async () => {
  const folder = tempFolder('jobhost')
  await build({
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: fileURLToPath(new URL('../../fixtures/programs/jobHost.ts', import.meta.url)),
      outDir: folder,
      target: 'node20',
      minify: false,
      rolldownOptions: { output: { format: 'es', entryFileNames: 'jobHost.mjs', codeSplitting: false } },
    },
  })
  jobHost = join(folder, 'jobHost.mjs')
  const { data, output } = newPlace()
  let begun = 0
  await killHost(data, output, async (ended) => {
    begun = performance.now()
    await ended
  })
  jobMs = performance.now() - begun
})

type Moment = (jobEnded: Promise<void>) => Promise<unknown>

const onceEnded: Moment = (jobEnded) => jobEnded

/** Runs the host and kills it at a moment of its job, which has begun when `moment` is asked. */
async function killHost(data: string, output: string, moment: Moment): Promise<string> {
  const child = spawnChild(process.execPath, [jobHost, data, output, programFile('writesPartial')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  let text = ''
  const line = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (text.split('\n').length > count) resolve()
      }
      child.stdout.on('data', look)
      child.once('exit', resolve)
      look()
    })
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  await line(1)
  await moment(line(2))
  child.kill('SIGKILL')
  await exited
  return text.split('\n')[0] ?? ''
}

function markedProcesses(instanceId: string): number[] {
  return listProcPids().filter((pid) => {
    try {
      return (
        readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`WALKBACK_JOB=${instanceId}:`) &&
        readProcStat(pid)?.zombie === false
      )
    } catch {
      return false // ended meanwhile
    }
  })
}

async function restart(
  data: string,
): Promise<{ job: JobSnapshot | undefined; log: string[]; instanceId: string; before: number[] }> {
  const instance = await claimInstance(data)
  const before = markedProcesses(instance.id)
  const spawn = createSpawnTool({ instanceId: instance.id })
  const manager = await openJobManager({ folder: join(data, 'jobs'), instanceId: instance.id, spawn, concurrentJobs: () => 1 })
  const [job] = manager.list()
  const log = job ? (await manager.readLog(job.id, 0, 2000, 'info')).lines.map(({ text }) => text) : []
  await manager.shutdown()
  instance.release()
  return { job, log, instanceId: instance.id, before }
}

function newPlace() {
  const root = tempFolder('killed')
  const data = join(root, 'data')
  mkdirSync(data)
  return { data, output: join(root, 'backup') }
}

describe('a killed application', () => {
  it.each(Array.from({ length: trials }, (_, trial) => trial))(
    'leaves no process and says what it left, killed at any moment (trial %i)',
    async (trial) => {
      const { data, output } = newPlace()
      const after = ((trial + Math.random()) / trials) * jobMs
      const id = await killHost(data, output, () => pause(after))
      const partial = `${output}.partial`
      const pieces = existsSync(partial) ? readdirSync(partial).length : null
      const { job, log, instanceId } = await restart(data)
      expect(markedProcesses(instanceId)).toEqual([])
      if (!job) throw new Error('the job is not on record')
      expect(job.id).toBe(id)
      expect(isEnded(job.state)).toBe(true)
      if (job.state === 'succeeded') return expect(existsSync(output)).toBe(true)
      expect(job).toMatchObject({ state: 'interrupted', error: { code: 'disconnected' } })
      expect(job.endedAt).not.toBeNull()
      expect(existsSync(partial) && existsSync(output)).toBe(false)
      expect(job.leftovers).toEqual(existsSync(partial) ? [partial] : [])
      if (existsSync(partial)) expect(job.error?.message).toContain(`Unfinished and of no use as it is: ${partial}.`)
      if (existsSync(output)) expect(job.error?.message).toContain(`Its output was complete by then: ${output}.`)
      expect(log.some((text) => text.startsWith('Walkback was ended while this job was running'))).toBe(true)
      expect(job.logLines).toBe(log.length)
      expect(job.steps.some(({ state }) => state === 'running' || state === 'pending')).toBe(false)
      // Nothing a person may need was removed, and a second restart changes nothing.
      if (pieces !== null) expect(readdirSync(partial).length).toBeGreaterThanOrEqual(pieces)
      expect((await restart(data)).job).toEqual(job)
    },
  )

  it('while its program runs: that and its child, which both ignore SIGTERM, are ended and named', async () => {
    const { data, output } = newPlace()
    await killHost(data, output, async () => {
      while (!existsSync(`${output}.partial`)) await pause(5)
    })
    const { job, log, instanceId, before } = await restart(data)
    expect(before.length).toBe(2)
    expect(markedProcesses(instanceId)).toEqual([])
    expect(log.filter((text) => /^Process \d+ \(node\) was still running and was ended\.$/.test(text))).toHaveLength(2)
    expect(job?.leftovers).toEqual([`${output}.partial`])
    expect(log.at(-1)).toBe(`Left behind: ${output}.partial`)
    expect(existsSync(`${output}.partial`)).toBe(true)
  })

  it('after its job has ended leaves it as it was', async () => {
    const { data, output } = newPlace()
    await killHost(data, output, onceEnded)
    const { job } = await restart(data)
    expect(job).toMatchObject({ state: 'succeeded', leftovers: [], error: null, result: { headline: 'Written' } })
  })
})

describe('a record found unfinished', () => {
  async function recovered(change: (job: JobSnapshot) => void, log = ''): Promise<JobSnapshot | undefined> {
    const { data, output } = newPlace()
    await killHost(data, output, onceEnded)
    const [id = ''] = readdirSync(join(data, 'jobs'))
    const file = join(data, 'jobs', id, 'job.json')
    const record = JSON.parse(readFileSync(file, 'utf8'))
    Object.assign(record.job, { endedAt: null, result: null })
    change(record.job)
    writeFileSync(file, JSON.stringify(record))
    if (log !== '') writeFileSync(join(data, 'jobs', id, 'log.jsonl'), log)
    return (await restart(data)).job
  }

  it('that had not begun says that it did nothing', async () => {
    const job = await recovered((found) => Object.assign(found, { state: 'queued', startedAt: null, outputs: [] }))
    expect(job).toMatchObject({
      state: 'interrupted',
      error: { message: 'Walkback was ended before this job began. It did nothing.' },
    })
  })

  it('whose output has its final name says that the backup was complete', async () => {
    const job = await recovered((found) => Object.assign(found, { state: 'running' }))
    expect(job?.error?.message).toContain(`Its output was complete by then: ${job?.outputs[0]?.final}.`)
    expect(job?.leftovers).toEqual([])
  })

  it('that wrote to a database names it', async () => {
    const job = await recovered((found) =>
      Object.assign(found, { state: 'cancelling', outputs: [{ partial: null, final: 'shop_restored' }] }),
    )
    expect(job?.leftovers).toEqual(['database shop_restored, which may be incomplete'])
  })

  it('with a torn log goes on after the last whole line', async () => {
    const line = '{"level":"info","line":0,"at":"2026-11-22T07:45:00.000Z","text":"whole"}\n'
    const job = await recovered((found) => Object.assign(found, { state: 'running' }), `${line}{"level":"error","li`)
    expect(job?.logLines).toBe(2)
  })
})
