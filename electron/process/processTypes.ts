// What running a child process takes and gives, shared by everything that starts one.
import type { Secret } from './secret'

/** Another account of this machine: as root by uid and gid, else through `sudo -n`, else refused with the command to run. */
export interface OsAccount {
  name: string
  uid: number
  gid: number
  home: string
}

export interface SpawnRequest {
  /** Absolute path of the program. */
  file: string
  argv: readonly string[]
  cwd?: string
  /** Added to a small clean environment (PATH, HOME, LANG=C.UTF-8, LC_MESSAGES=C, TZ); PG* variables are not inherited. */
  env?: Readonly<Record<string, string>>
  secretEnv?: Readonly<Record<string, Secret>>
  runAs?: OsAccount
  /** The job the child belongs to: it is put in the child's environment, so that a restart finds what was left running. */
  jobId?: string
  /** A server that must outlive us: no job mark, no cancel, own session. */
  outlives?: boolean
  signal?: AbortSignal
  /** From SIGTERM to SIGKILL of the whole process group; 10,000 when absent. */
  graceMs?: number
  /** Called for each line without its end; lines over 64 KiB come in pieces. */
  onStdout?: (line: string) => void
  onStderr?: (line: string) => void
  /** Of standard error, by the names of TextDecoder; UTF-8 when absent. */
  stderrEncoding?: string
  /** Raw standard output instead of lines (for piping); await is backpressure. */
  onStdoutChunk?: (chunk: Buffer) => void | Promise<void>
  /** Text or a stream for standard input; closed when absent. */
  stdin?: string | NodeJS.ReadableStream
  /** Texts that must never show: replaced by stars in every line handed on. Those of secretEnv count too. */
  redact?: readonly Secret[]
  /** Called with the process id as soon as it runs. */
  onSpawn?: (pid: number) => void
}

export interface ProcessExit {
  /** null when a signal ended it. */
  code: number | null
  killedBy: NodeJS.Signals | null
  /** We asked it to stop (the signal was aborted). */
  cancelled: boolean
  /** It did not stop within the grace time. */
  forced: boolean
  durationMs: number
  /** Last 50 lines of standard error, redacted. */
  stderrTail: readonly string[]
}

/**
 * Rejects with AppError when the program could not be started (tool_missing, permission); any exit resolves. When a
 * callback throws or the stream for standard input breaks, the program is ended and that error is passed on.
 */
export type SpawnTool = (request: SpawnRequest) => Promise<ProcessExit>
