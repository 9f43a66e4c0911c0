// Groups the lines of pg_dump and pg_dumpall on standard error into warnings and errors, each with its details and advice.
import type { JobIssue } from '../../shared/jobs/job'

export interface ToolMessage {
  severity: 'warning' | 'error'
  message: string
  /** Lines of detail, such as the tables it is about or the failed query. */
  details: string[]
  hints: string[]
}

/** Feed each line; the messages are complete once the program has ended. */
export function collectMessages(): { line(text: string): void; messages: ToolMessage[] } {
  const messages: ToolMessage[] = []
  let current: ToolMessage | undefined
  return {
    messages,
    line: (raw) => {
      // Parallel workers write into one pipe, where prefixes can pile up.
      const text = raw.replace(/^(?:pg_dump: )+(?=pg_dump: )/, '')
      const main = /^(?:pg_dump|pg_dumpall|pg_restore): (error|warning|fatal): (.*)$/s.exec(text)
      const more = /^(?:pg_dump|pg_dumpall|pg_restore): (detail|hint): (.*)$/s.exec(text)
      if (main?.[2] !== undefined) {
        current = { severity: main[1] === 'warning' ? 'warning' : 'error', message: main[2], details: [], hints: [] }
        messages.push(current)
      } else if (more?.[2] !== undefined) {
        if (more[1] === 'detail') current?.details.push(more[2])
        else current?.hints.push(more[2])
      } else if (current && /^pg_dump: {3}\S/.test(text)) {
        current.details.push(text.slice('pg_dump: '.length).trim()) // version 13 and before indent details
      } else if (current && /^pg_dump: (You might|Consider) /.test(text)) {
        current.hints.push(text.slice('pg_dump: '.length))
      } else if (current && !/^pg_(dump|dumpall|restore): /.test(text) && text !== '') {
        // The rest of a server's message: DETAIL, HINT, or a query of several lines.
        current.details.push(text)
      } else current = undefined
    },
  }
}

const advice: readonly { match: RegExp; advice: string }[] = [
  {
    match: /circular foreign-key constraints/,
    advice:
      'A rows-only dump of these tables restores only with --disable-triggers (as superuser), or after dropping their foreign keys. A full dump has no such trouble.',
  },
  {
    match: /subscriptions? not dumped/i,
    advice: 'The role may not read subscriptions: they are not in this dump. Dump as a superuser, or note them elsewhere.',
  },
  {
    match: /owner of .* appears to be invalid/,
    advice:
      'Its owner was removed. Give it a new one (ALTER ... OWNER TO) before the next dump; restoring leaves it to the restoring role.',
  },
  {
    match: /could not resolve dependency loop/,
    advice: 'Restoring may need these objects in another order. Try a restore into a scratch database.',
  },
]

export function toIssue(found: ToolMessage): JobIssue {
  const names = found.details.filter((line) => !/^(Query|Command) was:/.test(line))
  return {
    severity: found.severity,
    object: /circular/.test(found.message) ? names.join(', ') : '',
    objectKind: /circular/.test(found.message) ? 'TABLE' : '',
    entry: '',
    message: [found.message, ...(/circular/.test(found.message) ? [] : names)].join('\n'),
    statement: (found.details.find((line) => /^(Query|Command) was:/.test(line)) ?? '')
      .replace(/^(Query|Command) was: /, '')
      .slice(0, 2000),
    harmless: null,
    advice: advice.find(({ match }) => match.test(found.message))?.advice ?? found.hints.join(' '),
    logLine: null,
  }
}
