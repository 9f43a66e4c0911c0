// Two programs and the pipe between them: what pg_dump writes goes to pg_restore, no faster than that one reads, and the end
// of either is the end of both.
import { PassThrough } from 'node:stream'
import type { JobContext } from '../../jobs/jobTypes'
import { signalGroup } from '../../process/killGroup'
import type { ProcessExit } from '../../process/processTypes'

export interface PipedProgram {
  file: string
  argv: readonly string[]
  env: Readonly<Record<string, string>>
  onStderr: (line: string) => void
}

export interface PipeEnd {
  /** null when the program was ended because the other one had failed. */
  out: ProcessExit | null
  into: ProcessExit | null
  /** Who ended first without success; null when both came to their end. */
  first: 'out' | 'into' | null
}

/** pg_restore says 1 for errors it went on after as well: `intoFailed` tells from its exit and what it said. */
export async function runPipe(
  job: JobContext,
  out: PipedProgram,
  into: PipedProgram & { failed: (exit: ProcessExit) => boolean },
  onBytes: (bytes: number) => void,
): Promise<PipeEnd> {
  const pipe = new PassThrough({ highWaterMark: 1 << 20 })
  // A pipe that breaks is told by the program that broke it.
  pipe.on('error', () => undefined)
  const state = { first: null as PipeEnd['first'], intoEnded: false, outPid: 0, outEnded: false, wake: () => undefined as void }
  const broken = new Error('the other program ended')
  const endOut = async () => {
    state.intoEnded = true
    state.wake()
    if (state.outPid > 0 && !state.outEnded) await signalGroup(state.outPid, 'SIGTERM')
  }
  const endInto = () => {
    state.outEnded = true
    state.first ??= 'out'
    pipe.destroy(broken)
  }
  const runOut = async (): Promise<ProcessExit> => {
    try {
      const exit = await job.run({
        file: out.file,
        argv: out.argv,
        env: out.env,
        logStderr: false,
        onStderr: out.onStderr,
        onSpawn: (pid) => {
          state.outPid = pid
        },
        onStdoutChunk: async (chunk) => {
          onBytes(chunk.length)
          // pg_restore has all it wanted, or has failed and this program is being ended: what still comes is dropped.
          if (state.intoEnded || pipe.write(chunk)) return
          await new Promise<void>((resolve) => {
            state.wake = resolve
            pipe.once('drain', resolve)
          })
        },
      })
      state.outEnded = true
      if (exit.code === 0) pipe.end()
      else endInto()
      return exit
    } catch (error) {
      endInto()
      throw error
    }
  }
  const runInto = async (): Promise<ProcessExit> => {
    try {
      const exit = await job.run({
        file: into.file,
        argv: into.argv,
        env: into.env,
        logStderr: false,
        onStderr: into.onStderr,
        stdin: pipe,
      })
      if (into.failed(exit)) state.first ??= 'into'
      if (state.first === 'into') await endOut()
      state.intoEnded = true
      state.wake()
      return exit
    } catch (error) {
      state.first ??= 'into'
      await endOut()
      throw error
    }
  }
  const [dumped, restored] = await Promise.allSettled([runOut(), runInto()])
  if (restored.status === 'rejected' && restored.reason !== broken) throw restored.reason
  if (dumped.status === 'rejected') throw dumped.reason
  return {
    out: state.first === 'into' ? null : dumped.value,
    into: restored.status === 'rejected' || state.first === 'out' ? null : restored.value,
    first: state.first,
  }
}
