// Runs a program without a shell: clean environment, own process group, lines out, and an end that leaves nothing behind.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { childEnvironment } from './childEnvironment'
import { groupEnded, signalGroup } from './killGroup'
import { cutLines } from './lines'
import { groupHasMembers } from './processTable'
import type { ProcessExit, SpawnRequest, SpawnTool } from './processTypes'
import { makeRedactor, type Redactor } from './redact'
import { type Launch, launchAs } from './runAs'
import { isClosedPipe, isEarlyClose, startProblem } from './startProblem'

const defaultGraceMs = 10_000
const tailLength = 50
/** How long open pipes may stay silent after the program and its group have ended: somebody outside holds them. */
const drainMs = 2_000

export interface SpawnOptions {
  /** Marks children in their environment, so that the next start knows them for ours. */
  instanceId: string
}

export function createSpawnTool(options: SpawnOptions): SpawnTool {
  return (request) => runProgram(request, options.instanceId)
}

async function runProgram(request: SpawnRequest, instanceId: string): Promise<ProcessExit> {
  const signal = request.outlives ? undefined : request.signal
  const mark = request.outlives ? undefined : `${instanceId}:${request.jobId ?? ''}`
  const env = childEnvironment({ env: request.env, secretEnv: request.secretEnv, runAs: request.runAs, mark })
  const launch = request.runAs
    ? await launchAs(request.runAs, request.file, request.argv, Object.keys(env))
    : { file: request.file, argv: request.argv }
  if (signal?.aborted) return { code: null, killedBy: null, cancelled: true, forced: false, durationMs: 0, stderrTail: [] }
  const started = performance.now()
  const child = await startChild(request, launch, env)
  const run = new RunningProgram(child, request, launch.sudoAccount)
  const stop = () => void run.stop('cancelled')
  signal?.addEventListener('abort', stop, { once: true })
  try {
    if (signal?.aborted) stop()
    return { ...(await run.ended()), durationMs: performance.now() - started }
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/** Resolves once the program runs; rejects with AppError when it can't be started. */
async function startChild(request: SpawnRequest, launch: Launch, env: Record<string, string>): Promise<ChildProcess> {
  const wantsStdout = request.onStdout !== undefined || request.onStdoutChunk !== undefined
  try {
    const child = spawn(launch.file, [...launch.argv], {
      cwd: request.cwd ?? (process.platform === 'win32' ? undefined : '/'),
      env,
      detached: process.platform !== 'win32',
      windowsHide: true,
      shell: false,
      stdio: [
        request.stdin === undefined ? 'ignore' : 'pipe',
        wantsStdout ? 'pipe' : 'ignore',
        request.outlives && request.onStderr === undefined ? 'ignore' : 'pipe',
      ],
      ...(launch.uid === undefined ? {} : { uid: launch.uid }),
      ...(launch.gid === undefined ? {} : { gid: launch.gid }),
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    return child
  } catch (error) {
    throw startProblem(request, error)
  }
}

/** One child from its start to the end of everything it started. */
class RunningProgram {
  readonly #child: ChildProcess
  readonly #pid: number
  readonly #request: SpawnRequest
  readonly #sudoAccount: string | undefined
  readonly #redactor: Redactor
  readonly #tail: string[] = []
  readonly #closed: Promise<void>
  readonly #exited: Promise<{ code: number | null; killedBy: NodeJS.Signals | null }>
  #cancelled = false
  #forced = false
  /** The first failure on our side (a callback, the input's source): reported once the program is gone. */
  #failure: { error: unknown } | null = null
  #stopping: Promise<void> | null = null
  #lastRead = performance.now()
  #consuming = 0

  constructor(child: ChildProcess, request: SpawnRequest, sudoAccount: string | undefined) {
    this.#child = child
    this.#pid = child.pid ?? 0
    this.#request = request
    this.#sudoAccount = sudoAccount
    this.#redactor = makeRedactor([...(request.redact ?? []), ...Object.values(request.secretEnv ?? {})])
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, killedBy) => resolve({ code, killedBy }))
    })
    child.on('error', (error) => this.#fail(error))
    request.onSpawn?.(this.#pid)
    this.#feed()
    this.#closed = Promise.all([this.#readStdout(), this.#readStderr()]).then(() => undefined)
  }

  async ended(): Promise<Omit<ProcessExit, 'durationMs'>> {
    const exit = await this.#exited
    if (this.#request.outlives) await this.#settleOutliving()
    else await this.#settle()
    if (this.#failure) throw this.#failure.error
    return { ...exit, cancelled: this.#cancelled, forced: this.#forced, stderrTail: this.#tail }
  }

  /** TERM to the group, KILL when somebody is still there after the grace time. Asked twice, it goes on as it was. */
  stop(why: 'cancelled' | 'failed' | 'left over'): Promise<void> {
    if (why === 'cancelled') this.#cancelled = true
    this.#stopping ??= this.#endGroup().catch((error: unknown) => {
      this.#failure ??= { error }
    })
    return this.#stopping
  }

  async #endGroup(): Promise<void> {
    const graceMs = this.#request.graceMs ?? defaultGraceMs
    await signalGroup(this.#pid, 'SIGTERM', this.#sudoAccount)
    const gone = process.platform === 'win32' ? await settlesWithin(this.#exited, graceMs) : await groupEnded(this.#pid, graceMs)
    if (gone) return
    this.#forced = true
    await signalGroup(this.#pid, 'SIGKILL', this.#sudoAccount)
    await groupEnded(this.#pid, graceMs)
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    void this.stop('failed')
  }

  /** The program has ended; what it left in its group may finish its work within the grace time, then it is ended too. */
  async #settle(): Promise<void> {
    if (process.platform !== 'win32' && !this.#stopping && groupHasMembers(this.#pid)) {
      const gone = await groupEnded(this.#pid, this.#request.graceMs ?? defaultGraceMs)
      if (!gone) await this.stop('left over')
    }
    await this.#stopping
    const endedAt = performance.now()
    while (!(await settlesWithin(this.#closed, 100))) {
      const silent = this.#consuming === 0 && performance.now() - this.#lastRead > drainMs
      if (silent || (this.#cancelled && performance.now() - endedAt > drainMs)) this.#closePipes()
    }
  }

  async #settleOutliving(): Promise<void> {
    await settlesWithin(this.#closed, drainMs)
    this.#closePipes()
    this.#child.unref()
  }

  #closePipes(): void {
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
  }

  #feed(): void {
    const { stdin } = this.#child
    const source = this.#request.stdin
    if (!stdin || source === undefined) return
    if (typeof source === 'string') {
      stdin.on('error', (error) => {
        if (!isClosedPipe(error)) this.#fail(error)
      })
      stdin.end(source)
      return
    }
    let sourceFailed = false
    let stdinFailed = false
    source.on('error', () => {
      sourceFailed ||= !stdinFailed
    })
    stdin.on('error', () => {
      stdinFailed ||= !sourceFailed
    })
    pipeline(source, stdin).catch((error: unknown) => {
      // A program that stops reading shows by its exit. A source that breaks must not look like the end of the input.
      const ended = this.#child.exitCode !== null || this.#child.signalCode !== null
      const byProgram = isEarlyClose(error) ? ended : stdinFailed && isClosedPipe(error)
      if (!byProgram) this.#fail(error)
    })
  }

  async #readStdout(): Promise<void> {
    const { stdout } = this.#child
    if (!stdout) return
    const { onStdout, onStdoutChunk } = this.#request
    const lines = onStdout && cutLines(onStdout, this.#redactor)
    await this.#consume(stdout, async (chunk) => {
      lines?.push(chunk)
      await onStdoutChunk?.(chunk)
    })
    this.#guard(() => lines?.end())
  }

  async #readStderr(): Promise<void> {
    const { stderr } = this.#child
    if (!stderr) return
    const lines = cutLines(
      (line) => {
        this.#tail.push(line.length > 2000 ? `${line.slice(0, 2000)} ...` : line)
        if (this.#tail.length > tailLength) this.#tail.shift()
        this.#request.onStderr?.(line)
      },
      this.#redactor,
      this.#request.stderrEncoding,
    )
    await this.#consume(stderr, (chunk) => lines.push(chunk))
    this.#guard(() => lines.end())
  }

  /** Never rejects: a failing callback ends the program, and what still comes is read and dropped. */
  async #consume(stream: Readable, take: (chunk: Buffer) => void | Promise<void>): Promise<void> {
    try {
      for await (const chunk of stream) {
        this.#lastRead = performance.now()
        if (this.#failure) continue
        this.#consuming += 1
        try {
          await take(chunk)
        } catch (error) {
          this.#fail(error)
        } finally {
          this.#consuming -= 1
          this.#lastRead = performance.now()
        }
      }
    } catch (error) {
      // Thrown for a pipe that we closed ourselves; anything else is a failure of reading.
      if (!isClosedPipe(error)) this.#fail(error)
    }
  }

  #guard(action: () => void): void {
    try {
      if (!this.#failure) action()
    } catch (error) {
      this.#fail(error)
    }
  }
}

async function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds)
  })
  const result = await Promise.race([promise.then(() => true as const), late])
  clearTimeout(timer)
  return result
}
