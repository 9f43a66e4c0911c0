// Makes, starts and stops clusters on this machine; success is judged by the server's log and a real connection.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../../shared/rpc/appError'
import type { SpawnTool } from '../process/processTypes'
import { failureLines, logSize, readLogFrom, saysPortTaken, saysReady, saysRecovered, startHint } from './localClusterLog'
import {
  findPostmaster,
  isCleanState,
  type LocalCluster,
  type Postmaster,
  readControlData,
  removeStaleLock,
} from './localClusterState'

export interface InitOptions {
  superuser: string
  /**
   * A file the cluster's account can read, with the superuser's password; the caller removes it. null: nobody needs a password,
   * for a server that listens in a folder of its own account's alone.
   */
  passwordFile: string | null
  /** One for everything, or what a database of another cluster has. */
  locale: string | InitLocale
  dataChecksums: boolean
  /** It is thrown away again: it need not be on disk. */
  noSync?: boolean
  signal: AbortSignal
  onLine(line: string): void
}

/** `provider` other than libc came with 15, builtin with 17. */
export interface InitLocale {
  encoding: string
  provider: 'libc' | 'icu' | 'builtin'
  collate: string
  ctype: string
  /** The provider's own. */
  locale: string
}

/** initdb with scram for every connection. The data directory must not exist or be empty and its account's own. */
export async function initCluster(spawn: SpawnTool, cluster: LocalCluster, options: InitOptions): Promise<void> {
  const exit = await spawn({
    file: join(cluster.bin, 'initdb'),
    argv: initArguments(cluster, options),
    ...(cluster.account ? { runAs: cluster.account } : {}),
    signal: options.signal,
    onStdout: options.onLine,
    onStderr: options.onLine,
  })
  if (exit.cancelled) throw new AppError('cancelled', 'Stopped while the cluster was being made.')
  if (exit.code !== 0) {
    const words = exit.stderrTail.filter((line) => /error|fatal|hint/i.test(line))
    throw new AppError('tool_failed', `initdb failed: ${(words.length > 0 ? words : exit.stderrTail).join(' ')}`, {
      hint: /No space left/.test(words.join())
        ? 'The disk is full. Free some space and try again.'
        : "The job's log holds all it said.",
    })
  }
  const control = await readControlData(spawn, cluster, options.signal)
  if (!isCleanState(control.state)) {
    throw new AppError('tool_failed', `initdb ended well, but pg_controldata says the cluster is "${control.state}".`)
  }
}

export function initArguments(
  cluster: Pick<LocalCluster, 'dataDirectory'>,
  options: Omit<InitOptions, 'signal' | 'onLine'>,
): string[] {
  return [
    `--pgdata=${cluster.dataDirectory}`,
    `--username=${options.superuser}`,
    ...(options.passwordFile === null ? ['--auth=trust'] : [`--pwfile=${options.passwordFile}`, '--auth=scram-sha-256']),
    ...localeArguments(options.locale),
    ...(options.dataChecksums ? ['--data-checksums'] : []),
    ...(options.noSync ? ['--no-sync'] : []),
  ]
}

function localeArguments(locale: string | InitLocale): string[] {
  if (typeof locale === 'string') return ['--encoding=UTF8', `--locale=${locale}`]
  const { encoding, provider, collate, ctype } = locale
  return [
    `--encoding=${encoding}`,
    // What the two below leave open: messages, numbers, times.
    '--locale=C',
    `--lc-collate=${collate}`,
    `--lc-ctype=${ctype}`,
    ...(provider === 'libc' ? [] : [`--locale-provider=${provider}`, `--${provider}-locale=${locale.locale}`]),
  ]
}

export interface StartOptions {
  /** Settings that win over every file in the data directory, which a restore may have replaced. */
  settings: Readonly<Record<string, string>>
  signal: AbortSignal
  /** A real connection; throws while the server takes none. */
  probe(): Promise<void>
  /** What the server writes, line by line. */
  onLine(line: string): void
  /** Redo can be silent for long (before 15 it says nothing on its way): waits as long as the server lives. */
  patient?: boolean
}

export interface Started {
  postmaster: Postmaster
  /** It had not been shut down, and has gone through crash recovery. */
  recovered: boolean
}

/** Thrown as the cause of a failed start when another program has the port. */
export class PortTaken extends Error {}

/** No sign of life and nothing new in the log for this long: given up. Crash recovery writes to the log as it goes. */
const silenceMs = 120_000

/**
 * Starts the server so that it outlives us, and resolves once its log says that it takes connections and one was made.
 * Throws AppError postgres with the server's own FATAL lines; cancelled after stopping it again.
 */
export async function startCluster(spawn: SpawnTool, cluster: LocalCluster, options: StartOptions): Promise<Started> {
  if (await findPostmaster(cluster.dataDirectory)) {
    throw new AppError('conflict', `A server already runs in ${cluster.dataDirectory}.`, { hint: 'Stop it first.' })
  }
  const gone = await removeStaleLock(cluster.dataDirectory)
  if (gone !== null) options.onLine(`postmaster.pid named process ${gone}, which is no server any more: removed.`)
  const from = await logSize(cluster.logFile)
  const exit = await spawn({
    file: join(cluster.bin, 'pg_ctl'),
    argv: [
      'start',
      '--no-wait',
      '--silent',
      `--pgdata=${cluster.dataDirectory}`,
      `--log=${cluster.logFile}`,
      `--options=${serverOptions(options.settings)}`,
    ],
    ...(cluster.account ? { runAs: cluster.account } : {}),
    outlives: true,
    onStderr: options.onLine,
  })
  const said = new LogFollower(cluster.logFile, from, options.onLine)
  if (exit.code !== 0) throw await startFailure(cluster, said, exit.stderrTail)
  let seen: Postmaster | null = null
  let movedAt = Date.now()
  const startedAt = Date.now()
  for (;;) {
    if (options.signal.aborted) {
      await stopCluster(spawn, cluster, 'fast')
      throw new AppError('cancelled', 'Stopped while the server was starting.')
    }
    if (await said.read()) movedAt = Date.now()
    const postmaster = await findPostmaster(cluster.dataDirectory)
    seen = postmaster ?? seen
    // Before it wrote its pid, only its last words tell that it has given up.
    if (!postmaster && (seen || failed(said.lines) || Date.now() - startedAt > 15_000)) {
      await said.read()
      throw await startFailure(cluster, said, exit.stderrTail)
    }
    if (postmaster && saysReady(said.lines) && (await answers(options, postmaster))) {
      return { postmaster, recovered: saysRecovered(said.lines) }
    }
    if (options.patient !== true && Date.now() - movedAt > silenceMs) {
      throw new AppError(
        'postgres',
        `The server has started but takes no connections after ${silenceMs / 1000} seconds of silence.`,
        {
          hint: `It still runs. Its log says why: ${cluster.logFile}`,
        },
      )
    }
    await delay(50)
  }
}

/** A refusal that has nothing to do with starting up (a wrong password, say) is the caller's to see. */
async function answers({ probe, signal }: StartOptions, postmaster: Postmaster): Promise<boolean> {
  try {
    await probe()
    return true
  } catch (error) {
    if (postmaster.status === 'ready' && !signal.aborted) throw error
    return false // it said ready a moment ago and has not opened its doors yet, or a cancel is about to stop it
  }
}

function failed(lines: readonly string[]): boolean {
  return lines.some(
    (line) => /\b(?:FATAL|PANIC):/.test(line) && !/the database system is (?:starting up|not yet accepting)/.test(line),
  )
}

async function startFailure(cluster: LocalCluster, said: LogFollower, stderr: readonly string[]): Promise<AppError> {
  await said.read()
  const words = said.lines.length > 0 ? failureLines(said.lines) : stderr
  const text = words.join('\n')
  return new AppError('postgres', `The server did not start${text === '' ? ' and said nothing.' : `: ${text}`}`, {
    hint: startHint([...said.lines, ...stderr], cluster.logFile),
    cause: saysPortTaken(said.lines) ? new PortTaken() : undefined,
  })
}

/**
 * "smart" waits for the clients to leave, "fast" sends them away, "immediate" leaves the cluster unclean. Resolves when
 * the process has ended; after smart and fast also only if pg_control says that it was shut down.
 */
export async function stopCluster(
  spawn: SpawnTool,
  cluster: LocalCluster,
  mode: 'smart' | 'fast' | 'immediate',
  timeoutMs = 60_000,
): Promise<{ stopped: boolean; clean: boolean }> {
  const running = await findPostmaster(cluster.dataDirectory)
  if (running) {
    const exit = await spawn({
      file: join(cluster.bin, 'pg_ctl'),
      argv: ['stop', '--no-wait', '--silent', `--pgdata=${cluster.dataDirectory}`, `--mode=${mode}`],
      ...(cluster.account ? { runAs: cluster.account } : {}),
    })
    const end = Date.now() + timeoutMs
    let left: Postmaster | null = running
    while (left && left.pid === running.pid && Date.now() < end) {
      await delay(50)
      left = await findPostmaster(cluster.dataDirectory)
    }
    if (left) {
      throw new AppError(
        'tool_failed',
        `The server (process ${running.pid}) still runs ${timeoutMs / 1000} seconds after it was asked to stop.${exit.stderrTail.map((line) => ` ${line}`).join('')}`,
        { hint: `Something may keep it busy; its log says more: ${cluster.logFile}` },
      )
    }
  }
  const { state } = await readControlData(spawn, cluster)
  if (running && mode !== 'immediate' && !isCleanState(state)) {
    throw new AppError('postgres', `The server has ended, but pg_controldata says "${state}": it was not shut down.`, {
      hint: 'It will go through crash recovery at the next start. Nothing that was committed is lost.',
    })
  }
  return { stopped: running !== null, clean: isCleanState(state) }
}

/** pg_ctl hands its --options to a shell, so each word is quoted for it. */
export function serverOptions(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${quoteForShell(`${name}=${value}`)}`)
    .join(' ')
}

function quoteForShell(word: string): string {
  if (process.platform === 'win32') return `"${word.replaceAll('"', '\\"')}"`
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** Hands on what a log gained since a position, and remembers it. */
class LogFollower {
  readonly lines: string[] = []
  readonly #file: string
  readonly #from: number
  readonly #onLine: (line: string) => void

  constructor(file: string, from: number, onLine: (line: string) => void) {
    this.#file = file
    this.#from = from
    this.#onLine = onLine
  }

  /** true when there was something new. */
  async read(): Promise<boolean> {
    const all = await readLogFrom(this.#file, this.#from)
    const fresh = all.slice(this.lines.length)
    this.lines.push(...fresh)
    for (const line of fresh) this.#onLine(line)
    return fresh.length > 0
  }
}
