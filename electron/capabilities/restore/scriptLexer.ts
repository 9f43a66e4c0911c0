// Cuts a script into statements, comments and backslash lines, line by line, with the quoting rules of psql.
// A \connect inside a text, a function body or COPY data is no command: psql does not see it, and neither may we.

export type ScriptPart =
  | { kind: 'statement'; text: string }
  /** Between statements only. */
  | { kind: 'comment'; text: string }
  /** A line that begins with a backslash, between statements. */
  | { kind: 'backslash'; text: string }

/** Of a statement only this much is kept: rows of INSERT can be a gigabyte long. */
const keptLength = 20_000

type State = 'none' | 'single' | 'escape' | 'double' | 'dollar' | 'comment'

/** `piece` is a line, or a piece of one: `begins` and `ends` tell whether it holds the line's beginning and its end. */
export function createScriptLexer(take: (part: ScriptPart) => void): (piece: string, begins?: boolean, ends?: boolean) => void {
  let state: State = 'none'
  let tag = ''
  let depth = 0
  let inCopy = false
  let statement = ''
  /** standard_conforming_strings = off: pg_dump of a server that has it so. */
  let backslashes = false

  const add = (text: string) => {
    if (statement.length < keptLength) statement += text.slice(0, keptLength - statement.length)
  }
  const finish = () => {
    const text = statement.trim()
    statement = ''
    if (text === '') return
    if (/^SET standard_conforming_strings = off/i.test(text)) backslashes = true
    if (/^COPY [^]* FROM stdin/i.test(text)) inCopy = true
    take({ kind: 'statement', text })
  }

  /** Handles what stands at `at` in the state; returns where to go on, or -1 when the line is done. */
  const step = (line: string, at: number): number => {
    switch (state) {
      case 'none':
        return stepPlain(line, at)
      case 'single':
        return stepQuoted(line, at, "'")
      case 'double':
        return stepQuoted(line, at, '"')
      case 'escape': {
        const next = find(/\\.?|''|'/g, line, at)
        if (!next) return -1
        if (next[0] === "'") state = 'none'
        return next.index + next[0].length
      }
      case 'dollar': {
        const end = line.indexOf(tag, at)
        if (end < 0) return -1
        state = 'none'
        return end + tag.length
      }
      case 'comment': {
        const next = find(/\/\*|\*\//g, line, at)
        if (!next) return -1
        depth += next[0] === '/*' ? 1 : -1
        if (depth === 0) state = 'none'
        return next.index + 2
      }
    }
  }

  const stepQuoted = (line: string, at: number, quote: string): number => {
    const end = line.indexOf(quote, at)
    if (end < 0) return -1
    if (line[end + 1] === quote) return end + 2
    state = 'none'
    return end + 1
  }

  const stepPlain = (line: string, at: number): number => {
    const next = find(/['"$;]|--|\/\*/g, line, at)
    if (!next) {
      add(line.slice(at))
      return -1
    }
    const { index } = next
    const before = line[index - 1] ?? ' '
    switch (next[0]) {
      case '--':
        add(line.slice(at, index))
        return -1
      case ';':
        add(line.slice(at, index))
        finish()
        return index + 1
      case "'":
        state = backslashes || (/[eE]/.test(before) && !/[\w$]/.test(line[index - 2] ?? ' ')) ? 'escape' : 'single'
        break
      case '"':
        state = 'double'
        break
      case '/*':
        state = 'comment'
        depth = 1
        break
      case '$': {
        const opening = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(line.slice(index, index + 130))?.[0]
        if (opening === undefined || /[\w$]/.test(before)) {
          add(line.slice(at, index + 1))
          return index + 1
        }
        state = 'dollar'
        tag = opening
        add(line.slice(at, index + opening.length))
        return index + opening.length
      }
    }
    add(line.slice(at, index + next[0].length))
    return index + next[0].length
  }

  return (line, begins = true, ends = true) => {
    if (inCopy) {
      if (begins && ends && (line === '\\.' || line === '\\.\r')) inCopy = false
      return
    }
    const between = begins && state === 'none' && statement.trim() === ''
    if (between && line.startsWith('\\')) return take({ kind: 'backslash', text: line })
    if (between && line.startsWith('--')) return take({ kind: 'comment', text: line })
    let at = 0
    while (at >= 0 && at <= line.length) {
      const from = at
      const quoted = state !== 'none'
      at = step(line, at)
      // What is in quotes is kept as it stands; stepPlain keeps its own part.
      if (quoted) add(line.slice(from, at < 0 ? line.length : at))
      if (at === line.length && state === 'none') break
    }
    if (ends && statement !== '') add('\n')
  }
}

function find(pattern: RegExp, line: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(line)
}
