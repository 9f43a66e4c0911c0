// Reads what psql writes to standard error for a script on its standard input: errors with line and statement.
import type { JobIssue } from '../../../shared/jobs/job'
import { type JudgeFacts, judgeError } from '../../library/judgeError'
import { hidePasswords, isWord, nameOf, sqlTokens } from '../../library/sqlText'

export interface ScriptOutputOptions {
  facts: JudgeFacts
  onIssue: (issue: JobIssue) => void
  logLine: () => number | null
}

export interface ScriptOutcome {
  errors: number
  harmless: number
  /** Line and message of each error that counts; the first is where a stopped script stopped. */
  first: { line: number; message: string } | null
  /** Lines of psql itself: a lost connection, a file it can't read. */
  fatal: string[]
}

interface OpenIssue {
  line: number
  message: string[]
  statement: string[]
  inStatement: boolean
  logLine: number | null
}

/** `psql:FILE:LINE: SEVERITY:  SQLSTATE: text`; the severity is in the server's language, psql's own words are not. */
const located = /^psql:(.*):(\d+): (\S+): +(?:([0-9A-Z]{5}): )?(.*)$/s

/** Notices and hints of the server (WARNING, NOTICE) stay in the log. */
export function readScriptOutput(options: ScriptOutputOptions): { line(text: string): void; end(): ScriptOutcome } {
  const outcome: ScriptOutcome = { errors: 0, harmless: 0, first: null, fatal: [] }
  let open: OpenIssue | null = null

  const close = () => {
    if (!open) return
    const issue = open
    open = null
    const message = issue.message.join('\n').trim()
    const statement = issue.statement.join('\n').trim()
    const judged = judgeError(message.replace(/^\S+: +/, ''), statement, options.facts)
    outcome.errors += 1
    if (judged.harmless !== null) outcome.harmless += 1
    else outcome.first ??= { line: issue.line, message: issue.message[0] ?? '' }
    options.onIssue({
      severity: 'error',
      ...objectOf(statement),
      message: hidePasswords(`line ${issue.line}: ${message}`).slice(0, 4000),
      statement: hidePasswords(statement).slice(0, 2000),
      ...judged,
      logLine: issue.logLine,
    })
  }

  return {
    line(text) {
      const match = located.exec(text)
      const [, , line = '', severity = '', sqlstate, said = ''] = match ?? []
      if (severity === 'STATEMENT') {
        if (open) {
          open.inStatement = true
          open.statement.push(said)
        }
        return
      }
      if (match && !isError(severity, sqlstate)) return close()
      if (severity === 'error' && isLost(said)) {
        close()
        outcome.fatal.push(hidePasswords(said))
        return
      }
      if (match) {
        close()
        open = {
          line: Number(line),
          message: [`${severity === 'error' ? 'ERROR' : severity}:  ${said}`],
          statement: [],
          inStatement: false,
          logLine: options.logLine(),
        }
        return
      }
      const own = /^psql: (?:error|fatal): (.*)$/.exec(text)
      if (own) {
        close()
        outcome.fatal.push(hidePasswords(own[1] ?? ''))
        return
      }
      if (!open || text.startsWith('LOCATION:  ')) return
      const lines = open.inStatement ? open.statement : open.message
      if (lines.length < 500) lines.push(text)
    },
    end() {
      close()
      return outcome
    },
  }
}

/** Of psql's own words at a line of the script: after these it ends, after all others it can go on. */
function isLost(said: string): boolean {
  return /^connection to server was lost|could not (open|read|write)|out of memory|server closed the connection/i.test(said)
}

/** Classes 00, 01 and 02 are success, warning and no data. Without a SQLSTATE it is psql's own message. */
function isError(severity: string, sqlstate: string | undefined): boolean {
  if (sqlstate !== undefined) return !/^0[012]/.test(sqlstate)
  return ['ERROR', 'FATAL', 'PANIC', 'error', 'fatal'].includes(severity)
}

/** The object a statement of a dump is about, as far as its first words tell. */
function objectOf(statement: string): Pick<JobIssue, 'object' | 'objectKind' | 'entry'> {
  const tokens = sqlTokens(statement.slice(0, 2000))
  const none = { object: '', objectKind: '', entry: '' }
  const nameAt = (at: number) => {
    const first = nameOf(tokens[at])
    if (first === undefined) return ''
    const second = tokens[at + 1]?.text === '.' ? nameOf(tokens[at + 2]) : undefined
    return second === undefined ? first : `${first}.${second}`
  }
  const skip = new Set(['or', 'replace', 'unlogged', 'unique', 'materialized', 'foreign', 'only', 'if', 'not', 'exists'])
  const afterKind = (at: number) => {
    let next = at
    while (tokens[next]?.kind === 'word' && skip.has(tokens[next]?.text ?? '')) next += 1
    return next
  }
  if (isWord(tokens[0], 'copy')) return { object: nameAt(1), objectKind: 'TABLE DATA', entry: '' }
  if (isWord(tokens[0], 'insert')) return { object: nameAt(2), objectKind: 'TABLE DATA', entry: '' }
  if (isWord(tokens[0], 'create', 'alter', 'drop')) {
    const kindAt = afterKind(1)
    const kind = tokens[kindAt]?.text.toUpperCase() ?? ''
    const nameStart = afterKind(kindAt + 1)
    const on = tokens.findIndex((token) => isWord(token, 'on'))
    if (['INDEX', 'TRIGGER', 'POLICY', 'RULE'].includes(kind) && on > 0) {
      return { object: nameAt(afterKind(on + 1)), objectKind: kind, entry: nameAt(nameStart) }
    }
    return { object: nameAt(nameStart), objectKind: kind, entry: '' }
  }
  if (isWord(tokens[0], 'grant', 'revoke')) {
    const on = tokens.findIndex((token) => isWord(token, 'on'))
    if (on < 0) return none
    const at = isWord(tokens[on + 1], 'table', 'schema', 'sequence', 'function', 'database', 'type') ? on + 2 : on + 1
    return { object: nameAt(at), objectKind: 'ACL', entry: '' }
  }
  return none
}
