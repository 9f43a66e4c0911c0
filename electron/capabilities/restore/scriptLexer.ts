// Cuts a script into statements, comments, psql's own commands and variables, with the quoting rules of psql's lexer
// (psqlscan.l, psqlscanslash.l). A \connect inside a text, a function body or COPY data is no command: psql does not see it,
// and neither may we. Longer than most files here: it is one state machine.
import { createMetaCutter } from './scriptMeta'

export type ScriptPart =
  | { kind: 'statement'; text: string; line: number }
  /** Between statements only. */
  | { kind: 'comment'; text: string; line: number }
  /** A command of psql with its arguments, wherever in a line it stands. */
  | { kind: 'backslash'; text: string; line: number }
  /** A row of COPY with a backslash in it. */
  | { kind: 'row'; text: string; line: number }
  /** `:name` and its quoted forms, which psql replaces outside of quotes; unquoted in brackets it may be an array's slice. */
  | { kind: 'variable'; name: string; quoted: boolean; inBrackets: boolean; line: number }

/** Of a statement only this much is kept: rows of INSERT can be a gigabyte long. Its end tells whether COPY reads from here. */
const keptLength = 20_000
const keptEnd = 200

type State = 'none' | 'single' | 'escape' | 'double' | 'dollar' | 'comment'

/** `piece` is a line, or a piece of one: `begins` and `ends` tell whether it holds the line's beginning and its end. */
export function createScriptLexer(take: (part: ScriptPart) => void): (piece: string, begins?: boolean, ends?: boolean) => void {
  let state: State = 'none'
  let tag = ''
  let depth = 0
  let inCopy = false
  let statement = ''
  let end = ''
  let line = 1
  let startLine = 1
  let parens = 0
  let brackets = 0
  let body = newBody()
  /** standard_conforming_strings = off: pg_dump of a server that has it so. */
  let backslashes = false

  const add = (text: string) => {
    if (statement === '' && text.trim() === '') return
    if (statement === '') startLine = line
    if (statement.length < keptLength) statement += text.slice(0, keptLength - statement.length)
    end = (end + text).slice(-keptEnd)
  }
  const addPlain = (text: string) => {
    if (parens === 0) body.read(text)
    add(text)
  }
  const reset = () => {
    statement = ''
    end = ''
    parens = 0
    brackets = 0
    body = newBody()
  }
  const finish = () => {
    const text = withoutComments(statement)
    const last = end
    reset()
    if (text === '') return
    if (/^SET\s+standard_conforming_strings\s*(=|TO)\s*'?off/i.test(text)) backslashes = true
    if (/^COPY\b/i.test(text) && /\bFROM\s+STDIN\b[^']*/i.test(text.length < keptLength ? unquoted(text) : last)) inCopy = true
    take({ kind: 'statement', text, line: startLine })
  }
  const meta = createMetaCutter((text, { ends, data }) => {
    if (ends) finish()
    if (/^\\(r|reset)\b/.test(text)) reset()
    take({ kind: 'backslash', text, line })
    if (data) inCopy = true
  })

  /** Handles what stands at `at` in the state; returns where to go on, or -1 when the line is done. */
  const step = (text: string, at: number): number => {
    switch (state) {
      case 'none':
        return stepPlain(text, at)
      case 'single':
        return stepQuoted(text, at, "'")
      case 'double':
        return stepQuoted(text, at, '"')
      case 'escape': {
        const next = find(/\\.?|''|'/g, text, at)
        if (!next) return -1
        if (next[0] === "'") state = 'none'
        return next.index + next[0].length
      }
      case 'dollar': {
        const found = text.indexOf(tag, at)
        if (found < 0) return -1
        state = 'none'
        return found + tag.length
      }
      case 'comment': {
        const next = find(/\/\*|\*\//g, text, at)
        if (!next) return -1
        depth += next[0] === '/*' ? 1 : -1
        if (depth === 0) state = 'none'
        return next.index + 2
      }
    }
  }

  const stepQuoted = (text: string, at: number, quote: string): number => {
    const found = text.indexOf(quote, at)
    if (found < 0) return -1
    if (text[found + 1] === quote) return found + 2
    state = 'none'
    return found + 1
  }

  const stepPlain = (text: string, at: number): number => {
    const next = find(/['"$;\\:()[\]]|--|\/\*/g, text, at)
    if (!next) {
      addPlain(text.slice(at))
      return -1
    }
    const { index } = next
    const before = text[index - 1] ?? ' '
    addPlain(text.slice(at, index))
    switch (next[0]) {
      case '--':
        return -1
      case ';':
        if (parens > 0 || body.inside()) add(';')
        else finish()
        return index + 1
      case '\\':
        return stepBackslash(text, index)
      case ':':
        return stepColon(text, index)
      case '(':
        parens += 1
        break
      case ')':
        parens = Math.max(0, parens - 1)
        break
      case '[':
        brackets += 1
        break
      case ']':
        brackets = Math.max(0, brackets - 1)
        break
      case "'":
        state = backslashes || (/[eE]/.test(before) && !/[\w$]/.test(text[index - 2] ?? ' ')) ? 'escape' : 'single'
        break
      case '"':
        state = 'double'
        break
      case '/*':
        state = 'comment'
        depth = 1
        break
      case '$': {
        const opening = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(text.slice(index, index + 130))?.[0]
        if (opening === undefined || /[\w$\u0080-\uffff]/.test(before)) break
        state = 'dollar'
        tag = opening
        add(opening)
        return index + opening.length
      }
    }
    add(next[0])
    return index + next[0].length
  }

  const stepBackslash = (text: string, index: number): number => {
    // `\;` parts two statements that are sent together, `\:` is a colon.
    if (text[index + 1] === ';') finish()
    if (text[index + 1] === ';' || text[index + 1] === ':') return index + 2
    return meta(text, index)
  }

  const stepColon = (text: string, index: number): number => {
    const found = /^:(?:[:=]|'([\w\u0080-\uffff]+)'|"([\w\u0080-\uffff]+)"|([\w\u0080-\uffff]+))/.exec(
      text.slice(index, index + 200),
    )
    const [whole = ':', single, double, plain] = found ?? []
    add(whole)
    const name = single ?? double ?? plain
    if (name !== undefined)
      take({ kind: 'variable', name, quoted: plain === undefined, inBrackets: brackets > 0 && plain !== undefined, line })
    return index + whole.length
  }

  const readLine = (text: string, begins: boolean, ends: boolean) => {
    if (inCopy) {
      if (begins && text.includes('\\')) take({ kind: 'row', text, line })
      if (begins && ends && (text === '\\.' || text === '\\.\r')) inCopy = false
      return
    }
    const between = begins && state === 'none' && statement === ''
    if (between && text.startsWith('--')) return take({ kind: 'comment', text, line })
    let at = 0
    while (at >= 0 && at <= text.length) {
      const from = at
      const quoted = state !== 'none'
      at = step(text, at)
      // What is in quotes is kept as it stands; stepPlain keeps its own part.
      if (quoted) add(text.slice(from, at < 0 ? text.length : at))
      if (at === text.length && state === 'none') break
    }
    if (ends && statement !== '') add('\n')
  }
  return (text, begins = true, ends = true) => {
    readLine(text, begins, ends)
    if (ends) line += 1
  }
}

/**
 * Whether a semicolon stands in the body of CREATE FUNCTION ... BEGIN ATOMIC ... END and so does not end the statement: psql
 * counts BEGIN, CASE and END in the same simple way.
 */
function newBody(): { read(text: string): void; inside(): boolean } {
  let first = ''
  let words = 0
  let routine: boolean | undefined
  let depth = 0
  return {
    read(text) {
      if (routine === false) return
      for (const [word] of text.matchAll(/[A-Za-z_][\w$]*/g)) {
        const lower = word.toLowerCase()
        if (routine === undefined) {
          words += 1
          first += /^(create|function|procedure|or|replace)$/.test(lower) ? lower[0] : '-'
          if (/^c(f|p|or[fp])/.test(first)) routine = true
          else if (words === 4) routine = false
        } else if (lower === 'begin' || (lower === 'case' && depth > 0)) depth += 1
        else if (lower === 'end' && depth > 0) depth -= 1
      }
    },
    inside: () => depth > 0,
  }
}

/** A comment before the first word would hide what kind of statement it is. */
function withoutComments(statement: string): string {
  let text = statement.trim()
  while (text.startsWith('/*')) {
    let depth = 0
    const ends = [...text.matchAll(/\/\*|\*\//g)].find(([mark]) => {
      depth += mark === '/*' ? 1 : -1
      return depth === 0
    })
    if (!ends) return text
    text = text.slice(ends.index + 2).trim()
  }
  return text
}

function unquoted(text: string): string {
  return text.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'/g, '""')
}

function find(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
