// Finds a program of exactly one major: WAL and data files are read by their own version's programs alone.
import { existsSync } from 'node:fs'
import { majorOf, type PgVersion } from '../../shared/model/pgVersion'
import { AppError } from '../../shared/rpc/appError'
import type { Tools } from '../services'

export interface ExactTool {
  path: string
  version: PgVersion
  program: string
}

/** null when there is none of that major. */
export async function findExactTool(tools: Tools, program: string, server: PgVersion): Promise<ExactTool | null> {
  try {
    const found = await tools.forServer(program, server)
    return majorOf(found.version) === majorOf(server) && existsSync(found.path) ? found : null
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}
