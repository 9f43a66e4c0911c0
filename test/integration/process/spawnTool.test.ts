// Running a program: what it is given, what comes back, how it is ended, and what can't be started; with real programs.
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { groupHasMembers, listProcPids, readProcStat } from '../../../electron/process/processTable'
import type { SpawnRequest } from '../../../electron/process/processTypes'
import { Secret } from '../../../electron/process/secret'
import { createSpawnTool } from '../../../electron/process/spawnTool'
import { AppError } from '../../../shared/rpc/appError'
import { hostileTexts, program, programFile } from '../../fixtures/programs'
import { tempFolder } from '../../support/tempFolder'

const spawn = createSpawnTool({ instanceId: 'spawntest' })

async function output(request: SpawnRequest) {
  const stdout: string[] = []
  const exit = await spawn({ ...request, onStdout: (line) => stdout.push(line) })
  return { exit, stdout }
}

function isRunning(pid: number): boolean {
  const stat = readProcStat(pid)
  return stat !== null && !stat.zombie
}

describe('what the program is given', () => {
  it('is its arguments byte for byte, however hostile', async () => {
    const { exit, stdout } = await output(program('arguments', ...hostileTexts))
    expect(exit).toMatchObject({ code: 0, killedBy: null, cancelled: false, forced: false, stderrTail: [] })
    expect(JSON.parse(stdout.join(''))).toEqual(hostileTexts)
    expect(existsSync('/tmp/walkback-was-here')).toBe(false)
  })

  const before = { PGPASSWORD: process.env.PGPASSWORD, PGHOST: process.env.PGHOST, EDITOR: process.env.EDITOR }
  beforeAll(() => Object.assign(process.env, { PGPASSWORD: 'inherited', PGHOST: 'inherited', EDITOR: 'inherited' }))
  afterAll(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })

  it('is a small environment without what we have ourselves', async () => {
    const { stdout } = await output({
      ...program('environment'),
      jobId: 'job7',
      env: { PGPORT: '5433' },
      secretEnv: { PGSSLPASSWORD: new Secret('top secret') },
      redact: [],
    })
    const shown = JSON.parse(stdout.join(''))
    expect(shown.env).toMatchObject({ LANG: 'C.UTF-8', LC_MESSAGES: 'C', PGPORT: '5433', WALKBACK_JOB: 'spawntest:job7' })
    // It arrives, and the line that shows it is redacted.
    expect(shown.env.PGSSLPASSWORD).toBe('********')
    expect(shown.cwd).toBe('/')
    expect(Object.keys(shown.env)).not.toEqual(expect.arrayContaining(['PGPASSWORD']))
    const allowed = [
      'PATH',
      'HOME',
      'TZ',
      'TMPDIR',
      'KRB5CCNAME',
      'KRB5_CONFIG',
      'LANG',
      'LC_MESSAGES',
      'WALKBACK_JOB',
      'PGPORT',
      'PGSSLPASSWORD',
    ]
    expect(Object.keys(shown.env).filter((name) => !allowed.includes(name))).toEqual([])
  })

  it('is no job mark when it must outlive us', async () => {
    const { stdout } = await output({ ...program('environment'), outlives: true, jobId: 'job7' })
    expect(JSON.parse(stdout.join('')).env.WALKBACK_JOB).toBeUndefined()
  })

  it('is text or a stream on standard input, to its end', async () => {
    const text = 'COPY é\n'.repeat(200_000)
    const sha256 = createHash('sha256').update(text).digest('hex')
    for (const stdin of [text, Readable.from([text.slice(0, 7), text.slice(7)])]) {
      const { exit, stdout } = await output({ ...program('readInput'), stdin })
      expect(exit.code).toBe(0)
      expect(JSON.parse(stdout.join(''))).toEqual({ bytes: Buffer.byteLength(text), sha256 })
    }
    const { stdout } = await output(program('readInput'))
    expect(JSON.parse(stdout.join('')).bytes).toBe(0)
  })
})

describe('what comes back', () => {
  it('is the exit code, the lines and the tail of standard error', async () => {
    const lines: string[] = []
    const exit = await spawn({ ...program('warnings'), onStderr: (line) => lines.push(line) })
    expect(exit).toMatchObject({ code: 1, killedBy: null, cancelled: false })
    expect(lines).toEqual([
      'pg_restore: error: could not execute query: ERROR:  role "bob" does not exist',
      'pg_restore: warning: errors ignored on restore: 1',
    ])
    expect(exit.stderrTail).toEqual(lines)
  })

  it.each(['SIGKILL', 'SIGSEGV', 'SIGTERM'] as const)('tells a program that died by %s from one we ended', async (signal) => {
    expect(await spawn(program('killedBySignal', signal))).toMatchObject({
      code: null,
      killedBy: signal,
      cancelled: false,
      forced: false,
    })
  })

  it('is each of a million lines of standard error, in bounded memory', async () => {
    const count = 1_000_000
    let seen = 0
    let wrong = 0
    let peak = 0
    const start = process.memoryUsage.rss()
    const exit = await spawn({
      ...program('flood', String(count)),
      onStderr: (line) => {
        if (line !== `pg_dump: dumping contents of table "public.t${seen}"`) wrong += 1
        seen += 1
        if (seen % 50_000 === 0) peak = Math.max(peak, process.memoryUsage.rss())
      },
    })
    expect({ seen, wrong, code: exit.code }).toEqual({ seen: count, wrong: 0, code: 0 })
    expect(exit.stderrTail).toHaveLength(50)
    expect(exit.stderrTail.at(-1)).toContain('t999999')
    expect((peak - start) / 1024 / 1024).toBeLessThan(150)
  })

  it('is read no faster than it is taken', async () => {
    const total = 30 * 1024 * 1024
    let taken = 0
    let busy = 0
    let most = 0
    const exit = await spawn({
      ...program('writeOutput', String(total)),
      onStdoutChunk: async (chunk) => {
        busy += 1
        most = Math.max(most, busy)
        if (taken % (64 * 65_536) === 0) await pause(5)
        taken += chunk.length
        busy -= 1
      },
    })
    expect({ taken, most, code: exit.code }).toEqual({ taken: total, most: 1, code: 0 })
  })

  it('is whole when the reader is still busy long after the program has ended', async () => {
    let taken = 0
    await spawn({
      ...program('writeOutput', '50000'),
      onStdoutChunk: async (chunk) => {
        await pause(2_500)
        taken += chunk.length
      },
    })
    expect(taken).toBe(50_000)
  })

  it('never shows a secret', async () => {
    const lines: string[] = []
    const { exit } = await output({
      file: '/bin/sh',
      argv: ['-c', 'echo "connection to postgres://u:hunter%2022@h failed: hunter 22" >&2'],
      redact: [new Secret('hunter 22')],
      onStderr: (line) => lines.push(line),
    })
    expect(lines).toEqual(['connection to postgres://u:********@h failed: ********'])
    expect(exit.stderrTail).toEqual(lines)
  })
})

describe('what ends with it', () => {
  /** Starts the program, waits for the ids it prints, cancels. */
  async function cancelled(name: 'stubborn' | 'obedient', graceMs: number) {
    const abort = new AbortController()
    const pids: number[] = []
    let group = 0
    const exit = spawn({
      ...program(name),
      graceMs,
      signal: abort.signal,
      onSpawn: (pid) => {
        group = pid
      },
      onStdout: (line) => pids.push(Number(line)),
    })
    while (pids.length < 2) await pause(10)
    expect(pids.every(isRunning)).toBe(true)
    const asked = performance.now()
    abort.abort()
    return { exit: await exit, pids, group, took: performance.now() - asked }
  }

  it('is everything it started, when it ignores SIGTERM and so does its child', async () => {
    const { exit, pids, group, took } = await cancelled('stubborn', 400)
    expect(exit).toMatchObject({ code: null, killedBy: 'SIGKILL', cancelled: true, forced: true })
    expect(took).toBeGreaterThanOrEqual(395)
    expect(took).toBeLessThan(3_000)
    expect(pids.filter(isRunning)).toEqual([])
    expect(groupHasMembers(group)).toBe(false)
  })

  it('is cancelled even when it exits 0 on being asked', async () => {
    const { exit, pids, group, took } = await cancelled('obedient', 10_000)
    expect(exit).toMatchObject({ code: 0, killedBy: null, cancelled: true, forced: false })
    expect(took).toBeLessThan(3_000)
    expect(pids.filter(isRunning)).toEqual([])
    expect(groupHasMembers(group)).toBe(false)
  })

  it('is a child it left behind, after the grace time', async () => {
    const { exit, stdout } = await output({ ...program('leavesChild'), graceMs: 300 })
    expect(exit).toMatchObject({ code: 0, cancelled: false })
    expect(isRunning(Number(stdout[0]))).toBe(false)
  })

  it('is nothing for one that must outlive us', async () => {
    const abort = new AbortController()
    const { stdout } = await output({ ...program('leavesChild'), outlives: true, signal: abort.signal, graceMs: 100 })
    abort.abort()
    await pause(500)
    const pid = Number(stdout[0])
    expect(isRunning(pid)).toBe(true)
    process.kill(pid, 'SIGKILL')
  })

  it('is not even started when it was cancelled before', async () => {
    const abort = new AbortController()
    abort.abort()
    let started = false
    const exit = await spawn({ ...program('stubborn'), signal: abort.signal, onSpawn: () => (started = true) })
    expect(exit).toMatchObject({ code: null, cancelled: true })
    expect(started).toBe(false)
  })

  it('is the program whose output could not be taken, and that error comes out', async () => {
    let group = 0
    const full = new AppError('tool_failed', "Can't write /srv/x: the disk is full.")
    const run = spawn({
      ...program('writeOutput', String(100 * 1024 * 1024)),
      onSpawn: (pid) => {
        group = pid
      },
      onStdoutChunk: () => Promise.reject(full),
    })
    await expect(run).rejects.toBe(full)
    expect(groupHasMembers(group)).toBe(false)
  })

  it('is the program whose input broke: it must not take that for the end', async () => {
    const broken = new Readable({ read() {} })
    broken.push('half of the data')
    setTimeout(() => broken.destroy(new Error('the file vanished')), 300)
    const stdout: string[] = []
    await expect(spawn({ ...program('readInput'), stdin: broken, onStdout: (line) => stdout.push(line) })).rejects.toThrow(
      'the file vanished',
    )
    const silent = new Readable({ read() {} })
    silent.push('half of the data')
    setTimeout(() => silent.destroy(), 300)
    await expect(spawn({ ...program('readInput'), stdin: silent })).rejects.toThrow(/Premature close/)
  })

  it('decides by its exit when it stops reading its input', async () => {
    const much = 'x'.repeat(20 * 1024 * 1024)
    for (const stdin of [much, Readable.from([much])]) {
      expect(await spawn({ ...program('readInput', '10'), stdin })).toMatchObject({ code: 7, cancelled: false })
    }
  })

  it('is no process of this test, at the end of all', () => {
    const ours = listProcPids().filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes('WALKBACK_JOB=spawntest:') && isRunning(pid)
      } catch {
        return false // ended meanwhile
      }
    })
    expect(ours).toEqual([])
  })
})

describe('what can not be started', () => {
  const folder = tempFolder('spawn')

  it('says that there is no such program', async () => {
    await expect(spawn({ file: join(folder, 'pg_dump'), argv: [] })).rejects.toMatchObject({
      code: 'tool_missing',
      message: `There is no program ${join(folder, 'pg_dump')} that can be started.`,
    })
  })

  it('says that it may not be run', async () => {
    const file = join(folder, 'not-executable')
    writeFileSync(file, '#!/bin/sh\n')
    chmodSync(file, 0o644)
    await expect(spawn({ file, argv: [] })).rejects.toMatchObject({ code: 'permission', message: `${file} may not be run.` })
    await expect(spawn({ file: tmpdir(), argv: [] })).rejects.toMatchObject({ code: 'permission' })
  })

  it('tells a missing folder from a missing program', async () => {
    await expect(spawn({ file: '/bin/true', argv: [], cwd: join(folder, 'gone') })).rejects.toMatchObject({
      code: 'not_found',
      message: `The folder ${join(folder, 'gone')} doesn't exist.`,
    })
  })

  it('refuses a zero byte and a command line that is too long', async () => {
    await expect(spawn({ file: '/bin/true', argv: ['a\0b'] })).rejects.toMatchObject({ code: 'bad_input' })
    await expect(spawn({ file: '/bin/true', argv: ['x'.repeat(3 * 1024 * 1024)] })).rejects.toMatchObject({ code: 'bad_input' })
  })

  it('runs a program whose path is hostile', async () => {
    const odd = join(folder, `it's; $(touch x) "odd"\n日本`)
    mkdirSync(odd)
    const file = join(odd, '-program')
    writeFileSync(file, `#!${process.execPath}\n${readFileSync(programFile('arguments'), 'utf8')}`)
    chmodSync(file, 0o755)
    const { stdout } = await output({ file, argv: ['--', '-x'], cwd: odd })
    expect(JSON.parse(stdout.join(''))).toEqual(['--', '-x'])
  })
})
