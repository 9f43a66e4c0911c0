// How a base backup will be checked after it was taken: by which programs, and what of it they can't read.
import path from 'node:path'
import type { BaseBackupRequest } from '../../../shared/contracts/baseBackup'
import type { ShownCommand } from '../../../shared/jobs/job'
import { majorOf } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import { type BuiltCommand, buildCommand } from '../../../shared/tools/buildCommand'
import { pgVerifybackup } from '../../../shared/tools/pgVerifybackup'
import { shownWords } from '../../../shared/tools/showCommand'
import { readCompression } from '../../../shared/tools/walCompression'
import { findExactTool } from '../../library/exactTool'
import { type PackedBy, unpackProblem } from '../../library/unpackFile'
import type { PhysicalSource } from '../../postgres/readPhysicalSource'
import type { Tools } from '../../services'

export interface BaseTool {
  path: string
  version: number
  program: string
}

export interface VerifyPlan {
  /** pg_verifybackup; null where it can't look: no manifest, a tar before 18, or it is not asked for. */
  command: { tool: BaseTool; command: BuiltCommand } | null
  /** Walkback itself compares the tars with the manifest. */
  ownCheck: boolean
  /** pg_waldump for WAL that pg_verifybackup does not reach: in tars, or without a manifest. */
  waldump: BaseTool | null
  /** Why the WAL that comes along will not be read, in a sentence; '' when it will be or there is none. */
  walProblem: string
  /** Why the files can't be checked here, in a sentence; '' when they can be or are not to be. */
  problem: string
  shown: ShownCommand[]
}

const nothing: VerifyPlan = { command: null, ownCheck: false, waldump: null, walProblem: '', problem: '', shown: [] }

export async function planVerify(
  tools: Tools,
  { format, options, verify }: Pick<BaseBackupRequest, 'format' | 'options' | 'verify'>,
  source: Pick<PhysicalSource, 'version'>,
  data: string,
  target: string | null,
): Promise<VerifyPlan> {
  if (!verify || target !== null) return nothing
  const manifest = options.noManifest !== true
  const withWal = options.walMethod !== 'none'
  const waldump = withWal ? await findExactTool(tools, 'pg_waldump', source.version) : null
  const major = majorOf(source.version)
  const walProblem =
    withWal && waldump === null ? `There is no pg_waldump ${major} here, so the WAL of the backup is not read.` : ''
  const found = await find(tools, 'pg_verifybackup', source.version)
  const verifier = found instanceof AppError ? null : found
  const native = manifest && verifier !== null && (format === 'plain' || majorOf(verifier.version) >= 18)
  if (format === 'plain' && manifest && found instanceof AppError) {
    return { ...nothing, problem: [found.message, found.hint ?? ''].join(' ').trim() }
  }
  // pg_verifybackup starts the pg_waldump beside it, which must be of the version that wrote the WAL.
  const parses = format === 'plain' && native && waldump !== null && path.dirname(waldump.path) === path.dirname(verifier.path)
  const command = native
    ? {
        tool: verifier,
        command: buildCommand(
          pgVerifybackup,
          { noParseWal: !parses, progress: majorOf(verifier.version) >= 16 },
          { tool: verifier.version, server: null },
          [data],
        ),
      }
    : null
  const tarProblem = format === 'tar' ? await unpackProblem(packing(options.compress)) : ''
  return {
    command,
    ownCheck: format === 'tar' && manifest && command === null && tarProblem === '',
    waldump: parses ? null : waldump,
    walProblem: walProblem !== '' ? walProblem : withWal && format === 'tar' && options.walMethod === 'fetch' ? tarProblem : '',
    problem: format === 'tar' && command === null ? tarProblem : '',
    shown: command
      ? [
          {
            title: 'Verify',
            program: command.command.program,
            version: command.tool.version,
            words: shownWords(command.command.argv),
            kind: 'program',
          },
        ]
      : [],
  }
}

function packing(compress: unknown): PackedBy {
  const method = compress === undefined ? 'none' : readCompression(String(compress))?.method
  return method === 'gzip' || method === 'lz4' || method === 'zstd' ? method : 'none'
}

async function find(tools: Tools, program: string, server: number): Promise<BaseTool | AppError> {
  try {
    return await tools.forServer(program, server)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}
