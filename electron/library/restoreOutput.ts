// Reads what pg_restore --verbose writes to standard error (13 to 18): progress, and errors tied to their entries.
// With --jobs the workers write to one pipe in pieces ("pg_restore:", " ", "error: ", the message), so that lines of two
// workers stand between each other's pieces: seen in runs, and the reason why a prefix may be missing or doubled.
import type { JobIssue } from '../../shared/jobs/job'
import { type JudgeFacts, judgeError } from './judgeError'
import { type NamedEntry, type NamedObject, nameObject, tablesOf } from './nameObject'
import { hidePasswords } from './sqlText'

export interface RestoreOutputOptions {
  entries: readonly NamedEntry[]
  parallel: boolean
  facts: JudgeFacts
  /** Called when the entry is complete (parallel) or begun (one connection, where `id` is not printed: null). */
  onEntry: (id: number | null, kind: string, label: string) => void
  onIssue: (issue: JobIssue) => void
  /** The number of the log's last line. */
  logLine: () => number | null
}

export interface RestoreOutcome {
  /** Errors read, harmless ones included. */
  errors: number
  harmless: number
  /** "errors ignored on restore: N"; null when that line did not come. */
  ignored: number | null
  /** The most that pg_restore can have counted for the errors it printed. */
  mostCounted: number
  /** Messages that belong to no statement: what made pg_restore stop. */
  fatal: string[]
  /** What was said when the connection went; pg_restore goes on without one, failing at every entry, and calls that ignored. */
  lost: string | null
  /** Entries whose error was read. */
  failedEntries: Set<number>
  /** Those of them that did nothing, and so can be restored again: not a table that only lacks its owner. */
  repeatable: Set<number>
}

const connectionLost =
  /server closed the connection unexpectedly|no connection to the server|connection to server was lost|terminating connection due to|could not (?:send|receive) data|SSL connection has been closed/

interface OpenIssue {
  message: string
  lines: string[]
  logLine: number | null
}

export interface RestoreOutputReader {
  line(text: string): void
  end(): RestoreOutcome
}

const entryDone =
  /^(?:creating ([A-Z][A-Z ]*) "|(processing data for table) "|executing (SEQUENCE SET|BLOB METADATA|BLOB|LARGE OBJECT|STATISTICS DATA) |processing (BLOBS|LARGE OBJECTS|BLOB COMMENTS))/
const executed = /^executing ([A-Z][A-Z ]*[A-Z]) (?!pg_catalog)/

export function readRestoreOutput(options: RestoreOutputOptions): RestoreOutputReader {
  const { parallel, facts } = options
  const byId = new Map(options.entries.map((entry) => [entry.id, entry]))
  const tables = tablesOf(options.entries)
  const outcome: RestoreOutcome = {
    errors: 0,
    harmless: 0,
    ignored: null,
    mostCounted: 0,
    fatal: [],
    lost: null,
    failedEntries: new Set(),
    repeatable: new Set(),
  }
  /** Entries announced by "from TOC entry" that may still have errors, the newest last; true once one was tied to it. */
  const announced = new Map<number, boolean>()
  const toldHarmless = new Set<string>()
  const partly = new Set<number>()
  let open: OpenIssue | null = null
  let inLoop = false

  const close = () => {
    if (!open) return
    const issue = open
    open = null
    const text = issue.lines.join('\n')
    const at = text.search(/^Command was: /m)
    const statement = at < 0 ? '' : text.slice(at + 'Command was: '.length).trim()
    const message = [issue.message, at < 0 ? text : text.slice(0, at)].join('\n').trim()
    // Each connection begins with SET; a worker that connects still names the entry the parent was at.
    const ofSession = /^SET \w+ = \S+;$/.test(statement)
    const id = ofSession ? undefined : pickEntry(announced, byId, `${message}\n${statement}`)
    const entry = id === undefined ? undefined : byId.get(id)
    if (id !== undefined) announced.set(id, true)
    const bare = message.replace(/^(?:could not execute query|COPY failed for table ".*?"): /s, '').replace(/^ERROR: +/, '')
    const judged = judgeError(bare, statement, facts)
    outcome.errors += 1
    outcome.mostCounted += inLoop ? 2 : 1
    const after = outcome.lost !== null
    if (connectionLost.test(message)) outcome.lost ??= bare
    // Every entry that follows fails for the same reason.
    if (after && /no connection to the server/.test(message)) return
    if (judged.harmless !== null) {
      outcome.harmless += 1
      // Each parallel connection meets the same one again.
      if (entry === undefined && toldHarmless.has(bare)) return
      toldHarmless.add(bare)
    } else if (id !== undefined) {
      if (/^(?:ALTER [^;]* OWNER TO |INSERT INTO )/.test(statement)) partly.add(id)
      outcome.failedEntries.add(id)
    }
    const named: NamedObject = entry ? nameObject(entry, statement, tables) : { object: '', objectKind: '', entry: '' }
    options.onIssue({
      severity: 'error',
      ...named,
      message: hidePasswords(message.replace(/^(?:could not execute query): /, '')).slice(0, 4000),
      statement: hidePasswords(statement).slice(0, 2000),
      ...judged,
      logLine: issue.logLine,
    })
  }

  const readBody = (body: string): boolean => {
    const from = /^from TOC entry (\d+); \d+ \d+ [A-Z]/.exec(body)
    if (from) {
      close()
      const id = Number(from[1])
      if (!parallel) announced.clear()
      announced.delete(id)
      announced.set(id, false)
      return true
    }
    const error = /^error: (could not execute query: .*|COPY failed for table .*)$/s.exec(body)
    if (error) {
      close()
      open = { message: error[1] ?? '', lines: [], logLine: options.logLine() }
      return true
    }
    const item = /^(processing|launching|finished) item (\d+) ([A-Z][A-Z ]*?)(?: |$)/.exec(body)
    if (item && parallel) {
      close()
      const id = Number(item[2])
      if (item[1] === 'finished') announced.delete(id)
      const entry = byId.get(id)
      if (item[1] !== 'launching') options.onEntry(id, entry?.kind ?? item[3] ?? '', labelOf(entry, body))
      return true
    }
    const done = entryDone.exec(body) ?? executed.exec(body)
    if (done) {
      close()
      const kind = done[2] ? 'TABLE DATA' : (done[1] ?? done[3] ?? done[4] ?? '')
      if (!parallel) options.onEntry(null, kind, body)
      return true
    }
    return false
  }

  return {
    line(text) {
      const { body, marked } = withoutPrefix(text)
      if (marked || parallel) {
        if (readBody(body)) return
      }
      if (marked) {
        close()
        readMarked(body, outcome, options, (phase) => {
          if (phase === 'loop') inLoop = true
          if (phase === 'after') inLoop = false
          if (phase !== 'after' && phase !== 'loop') announced.clear()
        })
        return
      }
      if (open && open.lines.length < 2000) open.lines.push(text)
    },
    end() {
      close()
      for (const id of outcome.failedEntries) if (!partly.has(id)) outcome.repeatable.add(id)
      return outcome
    },
  }
}

/** However many prefixes stand before it. */
function withoutPrefix(text: string): { body: string; marked: boolean } {
  const prefix = /^ *(?:(?:pg_restore|pg_restore\.exe): ?)+ */.exec(text)
  // The space after the colon is a piece of its own and may come on the next line.
  return prefix ? { body: text.slice(prefix[0].length), marked: true } : { body: text.replace(/^ +/, ''), marked: false }
}

function readMarked(
  body: string,
  outcome: RestoreOutcome,
  options: RestoreOutputOptions,
  phase: (name: 'loop' | 'after' | 'other') => void,
): void {
  const ignored = /^warning: errors ignored on restore: (\d+)$/.exec(body)
  if (ignored) outcome.ignored = Number(ignored[1])
  else if (body.startsWith('entering main parallel loop')) phase('loop')
  else if (body.startsWith('finished main parallel loop')) phase('after')
  else if (/^while (INITIALIZING|PROCESSING TOC|FINALIZING):/.test(body)) phase('other')
  else if (body.startsWith('error: ') || body.startsWith('fatal: ')) {
    outcome.fatal.push(hidePasswords(body.replace(/^(error|fatal): /, '')))
  } else if (body.startsWith('warning: ')) {
    const message = body.slice('warning: '.length)
    const plain = { object: '', objectKind: '', entry: '', statement: '', harmless: null, advice: '' }
    options.onIssue({ severity: 'warning', ...plain, message, logLine: options.logLine() })
  }
}

/** One that is new and named in the text; else one that is new; else one that is named; else the latest. */
function pickEntry(
  announced: ReadonlyMap<number, boolean>,
  byId: ReadonlyMap<number, NamedEntry>,
  text: string,
): number | undefined {
  const ids = [...announced.keys()].reverse()
  const fresh = ids.filter((id) => announced.get(id) === false)
  const named = (id: number) => {
    const entry = byId.get(id)
    return entry !== undefined && (entry.tag.split(' ').at(-1) ?? '') !== '' && text.includes(entry.tag.split(' ').at(-1) ?? '')
  }
  return fresh.find(named) ?? fresh[0] ?? ids.find(named) ?? ids[0]
}

function labelOf(entry: NamedEntry | undefined, body: string): string {
  if (!entry) return body
  return `${entry.kind.toLowerCase()} ${entry.schema === null ? '' : `"${entry.schema}".`}"${entry.tag}"`
}
