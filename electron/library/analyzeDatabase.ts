// Planner statistics after a restore or a copy: vacuumdb in stages, or plain ANALYZE where there is no vacuumdb.
import { join } from 'node:path'
import type { Installation } from '../../shared/contracts/host'
import type { JobIssue, ShownCommand } from '../../shared/jobs/job'
import { majorOf, type PgVersion } from '../../shared/model/pgVersion'
import { buildCommand, type CommandProblem } from '../../shared/tools/buildCommand'
import { shownWords } from '../../shared/tools/showCommand'
import { vacuumdb } from '../../shared/tools/vacuumdb'
import type { JobContext } from '../jobs/jobTypes'
import { databaseArgument } from '../postgres/databaseArgument'
import { fileName } from '../process/findTools'
import type { ResolvedConnection, Services } from '../services'
import { hidePasswords } from './sqlText'

export interface PlannedAnalyze {
  tool: { program: string; path: string; version: PgVersion }
  argv: string[]
  problems: CommandProblem[]
  shown: ShownCommand
}

/** vacuumdb of the server's major or newer; undefined when there is none, then ANALYZE is sent as SQL. */
export function chooseVacuumdb(server: PgVersion, installations: readonly Installation[]): PlannedAnalyze['tool'] | undefined {
  const newer = installations
    .filter(({ programs, version }) => programs.includes('vacuumdb') && majorOf(version) >= majorOf(server))
    .toSorted((a, b) => b.version - a.version)
  const best = newer.find(({ version }) => majorOf(version) === majorOf(server)) ?? newer.at(-1)
  return best && { program: 'vacuumdb', path: join(best.folder, fileName('vacuumdb')), version: best.version }
}

/** null where there is no vacuumdb. `where` is a few words for the command's title: " on backup server". */
export function planAnalyze(
  { settings }: ResolvedConnection,
  database: string,
  server: PgVersion,
  { installations, jobs = 1, where = '' }: { installations: readonly Installation[]; jobs?: number; where?: string },
): PlannedAnalyze | null {
  const tool = chooseVacuumdb(server, installations)
  if (!tool) return null
  const values = {
    host: settings.host,
    port: settings.port,
    username: settings.user,
    noPassword: true,
    dbname: databaseArgument(database),
    analyzeInStages: true,
    ...(jobs > 1 ? { jobs } : {}),
  }
  const { argv, problems } = buildCommand(vacuumdb, values, { tool: tool.version, server })
  const title = `Statistics${where}, in stages`
  const shown: ShownCommand = {
    title,
    program: tool.program,
    version: tool.version,
    words: shownWords(argv),
    kind: 'program',
  }
  return { tool, argv, problems, shown }
}

/** What is shown of it, whichever way it is done. */
export function analyzeCommand(planned: PlannedAnalyze | null, where = ''): ShownCommand {
  return planned?.shown ?? { title: `Statistics${where}`, program: 'SQL', version: null, words: ['ANALYZE;'], kind: 'sql' }
}

export interface AnalyzeRun {
  planned: PlannedAnalyze | null
  connection: ResolvedConnection
  database: string
  /** For vacuumdb, from toolEnvironment. */
  env: Readonly<Record<string, string>>
  job: JobContext
  services: Pick<Services, 'connections'>
  onIssue: (issue: JobIssue) => void
}

/** The step `analyze` of a job. The rows are there without statistics too: a failure is a warning, never the end. */
export async function analyzeDatabase(run: AnalyzeRun): Promise<void> {
  const { planned, connection, database, env, job, services, onIssue } = run
  job.step('analyze')
  const started = performance.now()
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`
  const failed = (message: string) => {
    onIssue(issue(message))
    job.endStep('analyze', 'warning', 'failed')
  }
  if (planned && planned.problems.length === 0) {
    job.command(planned.shown)
    const exit = await job.run({ file: planned.tool.path, argv: planned.argv, env })
    job.signal.throwIfAborted()
    if (exit.code === 0) job.endStep('analyze', 'done', `in stages, ${seconds()}`)
    else failed(`vacuumdb ended with ${exit.code ?? exit.killedBy}: ${hidePasswords(exit.stderrTail.at(-1) ?? '')}`)
    return
  }
  job.command(analyzeCommand(null))
  const client = await services.connections.open(connection, database, job.signal)
  try {
    await client.query('ANALYZE')
    job.endStep('analyze', 'done', seconds())
  } catch (error) {
    job.signal.throwIfAborted()
    failed(`ANALYZE failed: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    await client.end()
  }
}

function issue(message: string): JobIssue {
  return {
    severity: 'warning',
    object: '',
    objectKind: '',
    entry: '',
    message,
    statement: '',
    harmless: null,
    advice: 'The rows are there. Run ANALYZE in the database, so that queries are planned well.',
    logLine: null,
  }
}
