// Runs an SQL script through psql's standard input: .gz is unpacked on the way, and the bytes read are the progress.
import { stat } from 'node:fs/promises'
import { Transform } from 'node:stream'
import { findClientEncoding } from '../../../shared/model/clientEncodings'
import { AppError } from '../../../shared/rpc/appError'
import { hidePasswords } from '../../library/sqlText'
import { lastLogLine, levelOf, type RunContext } from './runArchive'
import type { RestoreRun } from './runRestore'
import { openScript } from './scanScript'
import { readScriptOutput } from './scriptOutput'

export async function runScript({ plan, env, job, services, onIssue }: RunContext): Promise<RestoreRun> {
  const { archive, restore, server, request } = plan
  if (archive.kind !== 'script') throw new Error('runScript is for scripts')
  const reader = readScriptOutput({
    facts: { server: server.version, program: restore.tool.program, tool: restore.tool.version },
    onIssue,
    logLine: () => lastLogLine(services, job),
  })
  job.command(restore.shown)
  job.step('script')
  const path = archive.source.archive
  const total = archive.gzip ? null : (await stat(path)).size
  let done = 0
  let shownAt = 0
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      done += chunk.length
      if (performance.now() - shownAt > 200) {
        shownAt = performance.now()
        job.progress({ done, total, unit: 'bytes', label: 'script' })
      }
      next(null, chunk)
    },
  })
  const source = openScript(path, archive.gzip)
  source.on('error', (error) => counter.destroy(error))
  job.onCleanup('close the script', () => void source.destroy())
  const exit = await job.run({
    file: restore.tool.path,
    argv: restore.argv,
    env: { ...env, ...restore.env },
    stdin: source.pipe(counter),
    logStderr: false,
    // psql writes in client_encoding, statements and the server's words alike.
    stderrEncoding: findClientEncoding(archive.script.text.declared ?? restore.env?.PGCLIENTENCODING ?? '')?.decoder || 'utf-8',
    // Each line of the script's own output is dropped: queries of a script are not kept.
    onStderr: (line) => {
      job.log(hidePasswords(line), levelOf(line))
      reader.line(line)
    },
  })
  const outcome = reader.end()
  job.signal.throwIfAborted()
  const how = exit.killedBy === null ? `exit status ${exit.code}` : `ended by ${exit.killedBy}`
  // psql ends with 3 when ON_ERROR_STOP stopped it, 2 when the connection was lost, 0 also after errors it went on from.
  const stopped = exit.code !== 0 || outcome.fatal.length > 0
  const unread = !stopped && total !== null && done < total
  if (stopped || unread) {
    const { first } = outcome
    const said = unread
      ? `psql read only ${done} of ${total} bytes`
      : outcome.fatal.length > 0
        ? (outcome.fatal.at(-1) ?? '')
        : first
          ? `line ${first.line}: ${first.message}`
          : hidePasswords(exit.stderrTail.at(-1) ?? 'it said nothing')
    throw new AppError('tool_failed', `psql stopped before the end of the script (${how}): ${said}`, {
      hint: hintFor(said, request.singleTransaction),
      details: { stderr: exit.stderrTail.slice(-10).map(hidePasswords) },
    })
  }
  if (request.singleTransaction && outcome.errors > 0) {
    throw new AppError('tool_failed', 'The script had errors inside its one transaction: nothing of it was kept.', {
      hint: 'Put the errors right and start again.',
    })
  }
  const counted = outcome.errors - outcome.harmless
  job.endStep('script', counted > 0 ? 'warning' : 'done', `${archive.script.lines.toLocaleString('en-US')} lines`)
  return {
    errors: counted,
    harmless: outcome.harmless,
    exit: `psql ${exit.code}`,
    failedEntries: 0,
    repeatable: new Set<number>(),
    entries: null,
    restored: null,
    facts: [{ label: 'Script', value: `${archive.script.lines.toLocaleString('en-US')} lines read to the end` }],
  }
}

function hintFor(said: string, whole: boolean): string {
  if (/\\connect: .*password authentication failed/s.test(said)) {
    return 'The script had given this role another password by then. Put that one into the connection, or connect as a superuser that the script does not name; drop what it has made so far, then start again.'
  }
  if (/connection|server closed|terminat|shutting down/i.test(said)) {
    return 'The connection to the server was lost. Look whether the server runs, then start the restore again.'
  }
  if (whole) return 'Everything ran in one transaction, so nothing of it was kept. Put the error right and start again.'
  return 'What came before this line was done. Put the error right, or choose to go on after errors, and start again.'
}
