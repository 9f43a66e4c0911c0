// Reads SQL text that pg_dump and pg_dumpall wrote: statements and their words, aware of every kind of quoting.

export interface SqlToken {
  /** `word` is folded to lower case; `name` and `string` hold the text without its quotes. */
  kind: 'word' | 'name' | 'string' | 'mark'
  text: string
}

interface Piece {
  kind: 'word' | 'name' | 'string' | 'mark' | 'space'
  text: string
  end: number
}

const wordStart = /[A-Za-z_\u0080-\uffff]/
const wordPart = /[A-Za-z0-9_$\u0080-\uffff]/

/** All statements of a text, without their semicolons; psql's backslash lines between statements are left out. */
export function splitStatements(text: string): string[] {
  const statements: string[] = []
  let start = 0
  let empty = true
  let at = 0
  const close = (end: number) => {
    if (!empty) statements.push(text.slice(start, end).trim())
    empty = true
  }
  while (at < text.length) {
    if (empty && text[at] === '\\') {
      const lineEnd = text.indexOf('\n', at)
      at = lineEnd < 0 ? text.length : lineEnd + 1
      start = at
      continue
    }
    const piece = readPiece(text, at)
    if (piece.kind === 'mark' && piece.text === ';') {
      close(at)
      start = piece.end
    } else if (piece.kind !== 'space') {
      if (empty) start = at
      empty = false
    }
    at = piece.end
  }
  close(text.length)
  return statements
}

export function sqlTokens(statement: string): SqlToken[] {
  return placedTokens(statement).map(({ kind, text }) => ({ kind, text }))
}

/** With where each begins and ends in the statement. */
export interface PlacedToken extends SqlToken {
  start: number
  end: number
}

export function placedTokens(statement: string): PlacedToken[] {
  const tokens: PlacedToken[] = []
  let at = 0
  while (at < statement.length) {
    const piece = readPiece(statement, at)
    if (piece.kind !== 'space') tokens.push({ kind: piece.kind, text: piece.text, start: at, end: piece.end })
    at = piece.end
  }
  return tokens
}

/** A name as SQL reads it: quoted as it stands, unquoted in lower case. undefined when the token is neither. */
export function nameOf(token: SqlToken | undefined): string | undefined {
  return token && (token.kind === 'word' || token.kind === 'name') ? token.text : undefined
}

export function isWord(token: SqlToken | undefined, ...words: string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text)
}

/** Replaces what follows PASSWORD in role statements; for everything that is logged or shown. */
export function hidePasswords(text: string): string {
  return text.replace(/(PASSWORD\s+)(?:E?'(?:[^']|'')*(?:'|$))/gi, "$1'********'")
}

function readPiece(text: string, at: number): Piece {
  const c = text[at] ?? ''
  if (/\s/.test(c)) return { kind: 'space', text: c, end: at + 1 }
  if (c === '-' && text[at + 1] === '-') {
    const end = text.indexOf('\n', at)
    return { kind: 'space', text: '', end: end < 0 ? text.length : end + 1 }
  }
  if (c === '/' && text[at + 1] === '*') return { kind: 'space', text: '', end: commentEnd(text, at) }
  if (c === "'") return readString(text, at, false)
  if ((c === 'E' || c === 'e') && text[at + 1] === "'") return readString(text, at + 1, true)
  if (c === '"') return readName(text, at)
  if (c === '$') {
    const tag = /^\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/.exec(text.slice(at, at + 130))?.[0]
    if (tag) {
      const close = text.indexOf(tag, at + tag.length)
      const end = close < 0 ? text.length : close
      return { kind: 'string', text: text.slice(at + tag.length, end), end: Math.min(text.length, end + tag.length) }
    }
  }
  if (wordStart.test(c)) {
    let end = at + 1
    while (end < text.length && wordPart.test(text[end] ?? '')) end += 1
    return { kind: 'word', text: text.slice(at, end).toLowerCase(), end }
  }
  return { kind: 'mark', text: c, end: at + 1 }
}

function readString(text: string, open: number, backslashes: boolean): Piece {
  let value = ''
  let at = open + 1
  while (at < text.length) {
    const c = text[at] ?? ''
    if (backslashes && c === '\\') {
      value += text[at + 1] ?? ''
      at += 2
    } else if (c === "'" && text[at + 1] === "'") {
      value += "'"
      at += 2
    } else if (c === "'") {
      return { kind: 'string', text: value, end: at + 1 }
    } else {
      value += c
      at += 1
    }
  }
  return { kind: 'string', text: value, end: text.length }
}

function readName(text: string, open: number): Piece {
  let at = open + 1
  let value = ''
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return { kind: 'name', text: value + text.slice(at), end: text.length }
    value += text.slice(at, quote)
    if (text[quote + 1] !== '"') return { kind: 'name', text: value, end: quote + 1 }
    value += '"'
    at = quote + 2
  }
}

/** SQL comments nest. */
function commentEnd(text: string, open: number): number {
  let depth = 0
  let at = open
  while (at < text.length) {
    if (text.startsWith('/*', at)) {
      depth += 1
      at += 2
    } else if (text.startsWith('*/', at)) {
      depth -= 1
      at += 2
      if (depth === 0) return at
    } else {
      at += 1
    }
  }
  return text.length
}
