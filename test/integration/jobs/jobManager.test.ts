// The life of a job: how it ends, its queue and locks, what is told of it, its record on disk, and shutting down.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { jobsHandlers } from '../../../electron/capabilities/jobs/handlers'
import { openJobManager } from '../../../electron/jobs/jobManager'
import type { JobContext, JobDefinition, JobManager } from '../../../electron/jobs/jobTypes'
import { readProcStat } from '../../../electron/process/processTable'
import { Secret } from '../../../electron/process/secret'
import { createSpawnTool } from '../../../electron/process/spawnTool'
import type { JobIssue, JobResult, JobSnapshot, JobState } from '../../../shared/jobs/job'
import { AppError } from '../../../shared/rpc/appError'
import { hostileSecrets, program } from '../../fixtures/programs'
import { tempFolder } from '../../support/tempFolder'

const instanceId = 'jobtest'
const spawn = createSpawnTool({ instanceId })
const done: JobResult = { headline: 'Done', facts: [], backupPath: null, database: null }
const managers: JobManager[] = []

async function open(folder = join(tempFolder('jobs'), 'jobs'), concurrent: () => number = () => 2) {
  const reports: string[] = []
  const manager = await openJobManager({
    folder,
    instanceId,
    spawn,
    concurrentJobs: concurrent,
    report: (text) => reports.push(text),
  })
  managers.push(manager)
  return { manager, folder, reports }
}

afterEach(async () => {
  for (const manager of managers.splice(0)) await manager.shutdown()
})

function job(
  run: (context: JobContext) => Promise<JobResult>,
  more: Partial<JobDefinition<unknown>> = {},
): JobDefinition<unknown> {
  return {
    capability: 'dump',
    title: 'Dump shop',
    input: { database: 'shop' },
    connectionId: 'c1',
    serverLabel: 'Test',
    steps: [
      { id: 'one', label: 'One' },
      { id: 'two', label: 'Two' },
      { id: 'three', label: 'Three' },
    ],
    onCancel: 'nothing is left',
    locks: [],
    run,
    ...more,
  }
}

const waits = (context: JobContext) =>
  new Promise<JobResult>((_resolve, reject) => {
    context.signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true })
  })

function issue(severity: 'warning' | 'error', harmless: string | null = null): JobIssue {
  const message = `${severity} message`
  return {
    severity,
    object: 'public.orders',
    objectKind: 'TABLE',
    entry: '',
    message,
    statement: '',
    harmless,
    advice: '',
    logLine: null,
  }
}

async function statesOf(manager: JobManager, id: string, signal: AbortSignal): Promise<JobState[]> {
  const states: JobState[] = []
  for await (const event of manager.watch(signal)) {
    const seen = event.type === 'all' ? event.jobs.find((one) => one.id === id) : event.type === 'job' ? event.job : undefined
    if (seen?.id !== id) continue
    if (states.at(-1) !== seen.state) states.push(seen.state)
    if (seen.endedAt !== null) break
  }
  return states
}

async function texts(manager: JobManager, id: string): Promise<string[]> {
  return (await manager.readLog(id, 0, 2000, 'info')).lines.map(({ text }) => text)
}

describe('how a job ends', () => {
  it('succeeded, with steps, progress, commands and result on record', async () => {
    const { manager, folder } = await open()
    const started = manager.start(
      job(async (context) => {
        context.step('one')
        context.command({ title: 'Dump', program: 'pg_dump', version: 150018, words: ['pg_dump'], kind: 'program' })
        context.progress({ done: 1, total: 2, unit: 'bytes', label: 'table a' })
        context.step('two')
        context.endStep('two', 'done', '214 tables')
        return { ...done, facts: [{ label: 'Size', value: '3 MB', mono: false }] }
      }),
    )
    expect(started.id).toMatch(/^\d{8}T\d{6}-[0-9a-f]{6}$/)
    expect(statSync(join(folder, started.id)).mode & 0o777).toBe(0o700)
    expect(statSync(join(folder, started.id, 'job.json')).mode & 0o777).toBe(0o600)
    const ended = await manager.ended(started.id)
    expect(ended).toMatchObject({ state: 'succeeded', error: null, leftovers: [], progress: { done: 1 } })
    expect(ended.steps.map(({ state, detail }) => [state, detail])).toEqual([
      ['done', ''],
      ['done', '214 tables'],
      ['skipped', ''],
    ])
    expect([ended.createdAt, ended.startedAt, ended.endedAt]).not.toContain(null)
    expect(JSON.parse(readFileSync(join(folder, started.id, 'job.json'), 'utf8')).job).toEqual(ended)
    const again = await open(folder)
    expect(again.manager.get(started.id)).toEqual(ended)
    expect(again.reports).toEqual([])
  })

  it('with the time of a step as it was, whatever is said of it later', async () => {
    const { manager } = await open()
    const { id } = manager.start(
      job(async (context) => {
        context.step('one')
        context.step('two')
        await new Promise((resolve) => setTimeout(resolve, 60))
        context.endStep('one', 'warning', '2 with errors')
        return done
      }),
    )
    const [one, two] = (await manager.ended(id)).steps
    expect(one).toMatchObject({ state: 'warning', detail: '2 with errors' })
    expect(Date.parse(one?.endedAt ?? '')).toBeLessThanOrEqual(Date.parse(two?.startedAt ?? ''))
  })

  it.each([
    ['succeeded', [issue('error', 'known'), issue('warning', 'known')], 0, 0],
    ['succeeded_with_warnings', [issue('warning')], 1, 0],
    ['succeeded_with_warnings', [issue('error'), issue('error', 'known')], 0, 1],
  ] as const)('%s by its issues', async (state, issues, warningCount, errorCount) => {
    const { manager } = await open()
    const { id } = manager.start(
      job(async (context) => {
        for (const one of issues) context.issue(one)
        return done
      }),
    )
    expect(await manager.ended(id)).toMatchObject({ state, warningCount, errorCount, issues })
  })

  it('failed, with the words of an AppError', async () => {
    const { manager, reports } = await open()
    const { id } = manager.start(
      job(async (context) => {
        context.step('one')
        throw new AppError('tool_failed', 'pg_dump ended early.', { hint: 'Look at the log.', details: { code: 1 } })
      }),
    )
    const ended = await manager.ended(id)
    expect(ended).toMatchObject({
      state: 'failed',
      result: null,
      error: { code: 'tool_failed', message: 'pg_dump ended early.', hint: 'Look at the log.', details: { code: 1 } },
    })
    expect(ended.steps.map(({ state }) => state)).toEqual(['failed', 'skipped', 'skipped'])
    expect(await texts(manager, id)).toContain('pg_dump ended early. Look at the log.')
    expect(reports).toEqual([])
  })

  it('failed by something unforeseen: the message on record, the stack only on the console', async () => {
    const { manager, folder, reports } = await open()
    const { id } = manager.start(job(() => Promise.reject(new TypeError('x is not a function'))))
    const ended = await manager.ended(id)
    expect(ended).toMatchObject({
      state: 'failed',
      error: { code: 'internal', message: 'Something unexpected went wrong: x is not a function' },
    })
    expect(reports.join()).toContain('TypeError: x is not a function\n    at ')
    for (const name of readdirSync(join(folder, id)))
      expect(readFileSync(join(folder, id, name), 'utf8')).not.toContain('    at ')
  })

  it('failed with the disk full in plain words', async () => {
    const { manager } = await open()
    const { id } = manager.start(job(async () => writeFileSync('/dev/full', 'x') as never))
    const ended = await manager.ended(id)
    expect(ended.error).toMatchObject({ code: 'tool_failed', message: expect.stringContaining('the disk is full') })
  })

  it('cancelled while it runs, with nothing of its processes left', async () => {
    const { manager } = await open()
    const pids: number[] = []
    const { id } = manager.start(
      job(async (context) => {
        context.step('one')
        await context.run({ ...program('stubborn'), graceMs: 300, onStdout: (line) => pids.push(Number(line)) })
        context.signal.throwIfAborted()
        return done
      }),
    )
    const states = statesOf(manager, id, new AbortController().signal)
    while (pids.length < 2) await pause(10)
    expect(manager.cancel(id).state).toBe('cancelling')
    const ended = await manager.ended(id)
    expect(ended).toMatchObject({ state: 'cancelled', error: null })
    expect(ended.steps[0]).toMatchObject({ state: 'skipped', detail: 'cancelled' })
    expect(await states).toEqual(['running', 'cancelling', 'cancelled'])
    expect(pids.map(readProcStat).filter((stat) => stat && !stat.zombie)).toEqual([])
    expect(manager.cancel(id).state).toBe('cancelled')
  })

  it('cancelled before it began: it never runs', async () => {
    const { manager } = await open(undefined, () => 1)
    let ran = false
    const first = manager.start(job(waits))
    const second = manager.start(
      job(async () => {
        ran = true
        return done
      }),
    )
    expect(second.state).toBe('queued')
    expect(manager.cancel(second.id).state).toBe('cancelled')
    manager.cancel(first.id)
    await manager.ended(first.id)
    await pause(20)
    expect(ran).toBe(false)
    expect(manager.get(second.id)).toMatchObject({ state: 'cancelled', startedAt: null })
  })

  it('succeeded when it was whole before the cancel reached it', async () => {
    const { manager } = await open()
    const { id } = manager.start(
      job(async (context) => {
        await new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }))
        return done
      }),
    )
    await pause(20)
    manager.cancel(id)
    expect((await manager.ended(id)).state).toBe('succeeded')
  })

  it('failed, not cancelled, when a program was killed by somebody else', async () => {
    const { manager } = await open()
    const { id } = manager.start(
      job(async (context) => {
        const exit = await context.run(program('killedBySignal', 'SIGKILL'))
        throw new AppError('tool_failed', `The program was ended by ${exit.killedBy}.`)
      }),
    )
    expect(await manager.ended(id)).toMatchObject({ state: 'failed', error: { message: 'The program was ended by SIGKILL.' } })
    expect((await texts(manager, id))[0]).toMatch(/^node: ended by SIGKILL, \d+\.\d s$/)
  })

  it.each(['succeeds', 'fails', 'is cancelled'])(
    'cleans up, the last first, when it %s; one that fails does not stop the others',
    async (how) => {
      const { manager } = await open()
      const cleaned: string[] = []
      const { id } = manager.start(
        job(async (context) => {
          for (const name of ['first', 'second', 'third']) {
            context.onCleanup(name, async () => {
              await pause(5)
              cleaned.push(name)
              if (name === 'second') throw new Error('no such folder')
            })
          }
          if (how === 'fails') throw new AppError('tool_failed', 'No.')
          return how === 'succeeds' ? done : waits(context)
        }),
      )
      await pause(10)
      if (how === 'is cancelled') manager.cancel(id)
      await manager.ended(id)
      expect(cleaned).toEqual(['third', 'second', 'first'])
      expect(await texts(manager, id)).toContain('Cleaning up (second) failed: no such folder')
    },
  )

  it('names what a failed job left under an unfinished name', async () => {
    const { manager, folder } = await open()
    const partial = join(folder, 'backup.partial')
    const { id } = manager.start(
      job(async (context) => {
        context.output({ partial, final: join(folder, 'backup') })
        context.output({ partial: join(folder, 'never.partial'), final: join(folder, 'never') })
        writeFileSync(partial, 'half')
        throw new AppError('tool_failed', 'No.')
      }),
    )
    expect((await manager.ended(id)).leftovers).toEqual([partial])
  })
})

describe('queue and locks', () => {
  it('runs as many as the settings allow, in order, and more as soon as they allow more', async () => {
    let limit = 1
    const { manager } = await open(undefined, () => limit)
    const ends: (() => void)[] = []
    const waitingJob = () => job(() => new Promise<JobResult>((resolve) => ends.push(() => resolve(done))))
    const ids = [1, 2, 3, 4].map(() => manager.start(waitingJob()).id)
    const states = () => ids.map((id) => manager.get(id).state)
    await pause(10)
    expect(states()).toEqual(['running', 'queued', 'queued', 'queued'])
    limit = 2
    ends.shift()?.()
    await pause(20)
    expect(states()).toEqual(['succeeded', 'running', 'running', 'queued'])
    while (manager.running().length > 0) {
      ends.shift()?.()
      await pause(5)
    }
    expect(states()).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded'])
    expect(manager.list().map(({ id }) => id)).toEqual(expect.arrayContaining(ids))
  })

  it('refuses a second job on the same output, names the first, and allows it once that has ended', async () => {
    const { manager, folder } = await open()
    const locks = ['path:/srv/a', 'data:/var/lib/x']
    const first = manager.start(job(waits, { locks }))
    const before = readdirSync(folder)
    expect(() => manager.start(job(waits, { locks: ['path:/srv/b', 'data:/var/lib/x'] }))).toThrow(
      expect.objectContaining({
        code: 'conflict',
        message: 'The job "Dump shop" is already working on /var/lib/x.',
        hint: 'Wait until it has ended, or cancel it on the Jobs page.',
        details: { jobId: first.id, lock: 'data:/var/lib/x' },
      }),
    )
    expect(readdirSync(folder)).toEqual(before)
    const other = manager.start(job(async () => done, { locks: ['path:/srv/b'] }))
    expect((await manager.ended(other.id)).state).toBe('succeeded')
    manager.cancel(first.id)
    await manager.ended(first.id)
    const second = manager.start(job(async () => done, { locks }))
    expect((await manager.ended(second.id)).state).toBe('succeeded')
  })

  it('a queued job holds its locks too', async () => {
    const { manager } = await open(undefined, () => 1)
    manager.start(job(waits))
    manager.start(job(waits, { locks: ['path:/srv/a'], title: 'Waiting' }))
    expect(() => manager.start(job(waits, { locks: ['path:/srv/a'] }))).toThrow('The job "Waiting" is already working on /srv/a.')
  })

  it('refuses to start when the record can not be kept, and leaves nothing', async () => {
    const { manager, folder } = await open()
    mkdirSync(join(folder, '..'), { recursive: true })
    writeFileSync(folder, 'a file in the way')
    expect(() => manager.start(job(waits))).toThrow(`Can't keep a record of the job in ${folder}`)
    expect(manager.list()).toEqual([])
  })
})

describe('what is told', () => {
  it('first all, newest first and without issues, then each change; the page gets the issues', async () => {
    const { manager } = await open()
    const old = manager.start(
      job(async (context) => {
        context.issue(issue('error'))
        return done
      }),
    )
    await manager.ended(old.id)
    await pause(5)
    const newer = manager.start(job(async () => done))
    await manager.ended(newer.id)
    const abort = new AbortController()
    const events = manager.watch(abort.signal)
    const first = (await events[Symbol.asyncIterator]().next()).value
    expect(
      first.type === 'all' && first.jobs.map(({ id, issues, errorCount }: JobSnapshot) => [id, issues.length, errorCount]),
    ).toEqual([
      [newer.id, 0, 0],
      [old.id, 0, 1],
    ])
    expect(manager.get(old.id).issues).toHaveLength(1)
    manager.remove(old.id)
    expect((await events[Symbol.asyncIterator]().next()).value).toEqual({ type: 'removed', jobId: old.id })
    abort.abort()
    expect((await events[Symbol.asyncIterator]().next()).done).toBe(true)
  })

  it('progress at most five times a second, the last state always', async () => {
    const { manager } = await open()
    const { id } = manager.start(
      job(async (context) => {
        for (let step = 0; step < 1000; step += 1) {
          context.progress({ done: step, total: 1000, unit: 'rows', label: '' })
          context.log(`row ${step}`)
          await pause(1)
        }
        return done
      }),
    )
    let events = 0
    let last: JobSnapshot | undefined
    for await (const event of manager.watch(new AbortController().signal)) {
      if (event.type !== 'job') continue
      events += 1
      last = event.job
      if (last.endedAt !== null) break
    }
    const seconds = (Date.parse(last?.endedAt ?? '') - Date.parse(last?.startedAt ?? '')) / 1000
    expect(last?.progress?.done).toBe(999)
    expect(last?.id).toBe(id)
    expect(events).toBeLessThanOrEqual(seconds * 5 + 4)
  })

  it('how long the log is, until the job ends', async () => {
    const { manager } = await open()
    const { id } = manager.start(
      job(async (context) => {
        for (const level of ['info', 'warning', 'error'] as const) {
          context.log(level, level)
          await pause(250)
        }
        return done
      }),
    )
    const totals = []
    for await (const counts of manager.watchLog(id, new AbortController().signal)) totals.push(counts)
    expect(totals.at(-1)).toEqual({ total: 3, warnings: 1, errors: 1 })
    expect(totals.length).toBeGreaterThanOrEqual(3)
    const after = []
    for await (const counts of manager.watchLog(id, new AbortController().signal)) after.push(counts)
    expect(after).toEqual([{ total: 3, warnings: 1, errors: 1 }])
  })

  it('500 issues at the most, an error before a warning, all counted', async () => {
    const { manager } = await open()
    const { id } = manager.start(
      job(async (context) => {
        for (let count = 0; count < 600; count += 1) context.issue(issue('warning'))
        context.issue(issue('error'))
        return done
      }),
    )
    const ended = await manager.ended(id)
    expect(ended).toMatchObject({ warningCount: 600, errorCount: 1 })
    expect(ended.issues).toHaveLength(500)
    expect(ended.issues.filter(({ severity }) => severity === 'error')).toHaveLength(1)
  })

  it('standard error line by line with its level, unless the run function reads it itself', async () => {
    const { manager } = await open()
    const { id } = manager.start(
      job(async (context) => {
        await context.run(program('warnings'))
        await context.run({ ...program('warnings'), logStderr: false })
        return done
      }),
    )
    await manager.ended(id)
    const { lines } = await manager.readLog(id, 0, 100, 'info')
    expect(lines.map(({ level, text }) => [level, text.replace(/\d+\.\d s$/, 'TIME')])).toEqual([
      ['error', 'pg_restore: error: could not execute query: ERROR:  role "bob" does not exist'],
      ['warning', 'pg_restore: warning: errors ignored on restore: 1'],
      ['info', 'node: exit code 1, TIME'],
      ['info', 'node: exit code 1, TIME'],
    ])
  })

  it('no secret anywhere in the record or the log, wherever a job says it', async () => {
    const { manager, folder, reports } = await open()
    const said = hostileSecrets.map((secret) => secret.reveal())
    const text = [...said, ...said.map(encodeURIComponent), ...said.map((one) => one.replace(/[\\']/g, '\\$&'))].join(' and ')
    const { id } = manager.start(
      job(async (context) => {
        for (const secret of hostileSecrets.slice(1)) context.hide(secret)
        const [first = new Secret('')] = hostileSecrets
        await context.run({ file: '/bin/sh', argv: ['-c', 'printf "%s\\n" "$TEXT" >&2'], env: { TEXT: text }, redact: [first] })
        context.step('one')
        context.log(text)
        context.progress({ done: 0, total: null, unit: 'rows', label: text })
        context.command({ title: text, program: 'psql', version: null, words: [text], kind: 'sql' })
        context.issue({ ...issue('error'), message: text, statement: text, advice: text })
        context.endStep('one', 'warning', text)
        context.leftover(text)
        throw Object.assign(new Error(text), { stack: `Error: ${text}` })
      }),
    )
    const ended = await manager.ended(id)
    expect(ended.error?.message).toContain('********')
    expect((await texts(manager, id)).join()).toContain('********')
    const everything = [
      JSON.stringify(ended),
      reports.join(),
      ...readdirSync(join(folder, id)).map((name) => readFileSync(join(folder, id, name), 'utf8')),
    ].join('\n')
    for (const secret of said) {
      for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
        expect(everything).not.toContain(form)
    }
  })
})

describe('records on disk', () => {
  it('what a job writes is on record before the first byte', async () => {
    const { manager, folder } = await open()
    let recorded: unknown
    const { id } = manager.start(
      job(async (context) => {
        context.output({ partial: '/srv/x.partial', final: '/srv/x' })
        recorded = JSON.parse(readFileSync(join(folder, context.id, 'job.json'), 'utf8')).job.outputs
        return done
      }),
    )
    await manager.ended(id)
    expect(recorded).toEqual([{ partial: '/srv/x.partial', final: '/srv/x' }])
  })

  it('that can not be read is set aside and named; the others are there', async () => {
    const { manager, folder } = await open()
    const ids = [1, 2, 3].map(() => manager.start(job(async () => done)).id)
    await Promise.all(ids.map((id) => manager.ended(id)))
    const [broken = '', strange = '', good = ''] = ids
    writeFileSync(join(folder, broken, 'job.json'), '{"recordVersion":1,"job"')
    writeFileSync(join(folder, strange, 'job.json'), '{"recordVersion":99}')
    writeFileSync(join(folder, 'a file of somebody'), '')
    const again = await open(folder)
    expect(again.manager.list().map(({ id }) => id)).toEqual([good])
    expect(again.reports).toHaveLength(2)
    expect(again.reports.join('\n')).toContain(`The record ${join(folder, broken, 'job.json')} could not be read`)
    expect(again.reports.join('\n')).toContain('its contents are not a job record')
    expect(readdirSync(join(folder, broken)).toSorted()).toEqual([expect.stringMatching(/^job\.json\.broken-/), 'log.jsonl'])
    expect(existsSync(join(folder, 'a file of somebody'))).toBe(true)
  })

  it('are removed with their log and nothing else, and only once the job has ended', async () => {
    const { manager, folder } = await open()
    const made = join(folder, '..', 'backup')
    const { id } = manager.start(
      job(async (context) => {
        context.output({ partial: null, final: made })
        writeFileSync(made, 'whole')
        return waits(context)
      }),
    )
    await pause(20)
    expect(() => manager.remove(id)).toThrow('"Dump shop" has not ended yet.')
    manager.cancel(id)
    await manager.ended(id)
    manager.remove(id)
    expect(readdirSync(folder)).toEqual([])
    expect(existsSync(made)).toBe(true)
    expect(() => manager.get(id)).toThrow(`There is no job ${id}.`)
    await expect(manager.readLog(id, 0, 1, 'info')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('do not decide about a job: one whose folder vanishes still ends', async () => {
    const { manager, folder, reports } = await open()
    const { id } = manager.start(
      job(async (context) => {
        renameSync(join(folder, context.id), join(folder, 'moved'))
        chmodSync(join(folder, 'moved'), 0o700)
        return done
      }),
    )
    expect((await manager.ended(id)).state).toBe('succeeded')
    expect(reports.join()).toContain(`The record of job ${id} could not be saved`)
  })
})

describe('shutdown', () => {
  it('cancels what runs and waits, and takes no more', async () => {
    const { manager } = await open(undefined, () => 1)
    const pids: number[] = []
    const running = manager.start(
      job(async (context) => {
        await context.run({ ...program('stubborn'), graceMs: 200, onStdout: (line) => pids.push(Number(line)) })
        context.signal.throwIfAborted()
        return done
      }),
    )
    const queued = manager.start(job(async () => done))
    while (pids.length < 2) await pause(10)
    await manager.shutdown()
    expect([manager.get(running.id).state, manager.get(queued.id).state]).toEqual(['cancelled', 'cancelled'])
    expect(pids.map(readProcStat).filter((stat) => stat && !stat.zombie)).toEqual([])
    expect(() => manager.start(job(async () => done))).toThrow('Walkback is closing and starts no more jobs.')
  })
})

describe('the jobs capability', () => {
  const context = { signal: new AbortController().signal }

  it('runs a job again from its stored request', async () => {
    const { manager } = await open()
    const asked: unknown[] = []
    const handlers = jobsHandlers(manager, {
      dump: async (input) => {
        asked.push(input)
        return { jobId: 'new' }
      },
    })
    const { id } = manager.start(job(waits))
    await expect(handlers.runAgain({ jobId: id }, context)).rejects.toMatchObject({ code: 'conflict' })
    await handlers.cancel({ jobId: id }, context)
    await manager.ended(id)
    expect(await handlers.runAgain({ jobId: id }, context)).toEqual({ jobId: 'new' })
    expect(asked).toEqual([{ database: 'shop' }])
  })

  it('says when that is not possible', async () => {
    const { manager } = await open()
    const handlers = jobsHandlers(manager, {})
    for (const capability of ['backups.verify', 'constructor']) {
      const { id } = manager.start(job(async () => done, { capability }))
      await manager.ended(id)
      await expect(handlers.runAgain({ jobId: id }, context)).rejects.toMatchObject({
        code: 'bad_input',
        message: `"Dump shop" can't be run again from here.`,
      })
    }
    await expect(handlers.get({ jobId: 'none' }, context)).rejects.toMatchObject({ code: 'not_found' })
  })
})
