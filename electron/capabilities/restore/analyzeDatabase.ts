// Planner statistics after a restore: vacuumdb in stages, or plain ANALYZE where there is no vacuumdb.
import type { JobIssue } from '../../../shared/jobs/job'
import { hidePasswords } from '../../library/sqlText'
import type { RunContext } from './runArchive'

/** The rows are there without statistics too: a failure is a warning, never the end of the restore. */
export async function analyzeDatabase({ plan, env, job, services, onIssue }: RunContext): Promise<void> {
  job.step('analyze')
  const started = performance.now()
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`
  const failed = (message: string) => {
    onIssue(issue(message))
    job.endStep('analyze', 'warning', 'failed')
  }
  const { analyze, connection, database } = plan
  if (analyze && analyze.problems.length === 0) {
    job.command(analyze.shown)
    const exit = await job.run({ file: analyze.tool.path, argv: analyze.argv, env })
    job.signal.throwIfAborted()
    if (exit.code === 0) job.endStep('analyze', 'done', `in stages, ${seconds()}`)
    else failed(`vacuumdb ended with ${exit.code ?? exit.killedBy}: ${hidePasswords(exit.stderrTail.at(-1) ?? '')}`)
    return
  }
  job.command({ title: 'Statistics', program: 'SQL', version: null, words: ['ANALYZE;'], kind: 'sql' })
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
