// What psql's own commands in a script do to the restore: where it goes, what it sets, and which of them are refused.
import { remember, type ScanState, type ScriptFacts } from './scriptFacts'
import { metaName, metaRefusal } from './scriptMeta'
import type { TextReader } from './scriptText'

const listLimit = 100

export function readMeta(command: string, line: number, facts: ScriptFacts, scan: ScanState, text: TextReader): void {
  const name = metaName(command)
  const words = command.slice(1 + name.length).trim()
  const refuse = (why: string) => {
    if (facts.refused.length < listLimit) facts.refused.push({ line, text: command.slice(0, 200), why })
  }
  if (name === 'restrict') {
    facts.restricted = true
    scan.restricting = true
    return
  }
  if (name === 'unrestrict') {
    scan.restricting = false
    return
  }
  const why = scan.restricting ? 'psql runs no command between \\restrict and \\unrestrict' : metaRefusal(command)
  if (why !== undefined) return refuse(why)
  if (name === 'connect' || name === 'c') {
    const elsewhere = connectsElsewhere(words)
    if (elsewhere !== undefined) return refuse(elsewhere)
    if (words !== '') remember(facts.connects, connectedDatabase(words))
  }
  if (name === 'encoding' && words !== '') declareEncoding(unquotedWord(words), facts, text)
  if (name === 'gset' || name === 'gexec') scan.setsUnknown = true
  if (name === 'set' || name === 'unset') readVariable(words, line, facts, scan)
}

const isOff = (value: string) => /^(off|0|no?|false|f)?$/i.test(value)

function readVariable(words: string, line: number, facts: ScriptFacts, scan: ScanState): void {
  const [name = '', ...rest] = words.split(/\s+/)
  scan.sets.add(name)
  const value = unquotedWord(rest.join(' '))
  // \set without a value sets the empty string, which these two read as on.
  if (name === 'ON_ERROR_STOP' && rest.length > 0 && isOff(value)) facts.goesOn ??= line
  if (name === 'AUTOCOMMIT' && rest.length > 0 && isOff(value)) facts.holdsBack ??= line
}

function unquotedWord(word: string): string {
  return word.replace(/^'([^']*)'$/, '$1').replace(/^"([^"]*)"$/, '$1')
}

/** Another server or role is none that the person chose, and a variable is known only when it runs. */
function connectsElsewhere(words: string): string | undefined {
  const reuse = /^-reuse-previous=(\w+)\s+/.exec(words)
  if (reuse && reuse[1] !== 'on') return 'it connects anew, without the server and role chosen here'
  const rest = words.slice(reuse?.[0].length ?? 0)
  const first = /^"(?:[^"]|"")*"|^'(?:[^'\\]|\\.|'')*'|^\S+/.exec(rest)?.[0] ?? ''
  if (
    rest
      .slice(first.length)
      .replaceAll(/\s-(?=\s|$)/g, '')
      .trim() !== ''
  )
    return 'it connects as another role or to another server'
  if (first.startsWith(':')) return 'where it connects to is known only when it runs'
  const inner = first.replace(/^"([^]*)"$/, '$1').replace(/^'([^]*)'$/, '$1')
  if (/^postgres(ql)?:\/\//.test(inner)) return 'it connects to a server of its own'
  if (inner.includes('=') && !/^dbname='(?:[^'\\]|\\.)*'$/.test(inner.replaceAll('""', '"'))) {
    return 'it connects with settings of its own'
  }
  return undefined
}

export function declareEncoding(name: string, facts: ScriptFacts, text: TextReader): void {
  facts.encoding ??= name
  text.declare(name)
}

/** `-reuse-previous=on "dbname='a b'"`, `"a b"` or `a`, as pg_dump's appendPsqlMetaConnect writes them. */
export function connectedDatabase(words: string): string {
  const text = words.replace(/^-reuse-previous=on\s+/, '')
  const quoted = /^"((?:[^"]|"")*)"/.exec(text)?.[1]?.replaceAll('""', '"') ?? text.split(/\s/)[0] ?? text
  const conninfo = /^dbname='((?:[^'\\]|\\.)*)'/.exec(quoted)?.[1]
  return conninfo === undefined ? quoted : conninfo.replace(/\\(.)/g, '$1')
}
