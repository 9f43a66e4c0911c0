// psql's own commands in a script: where one ends, and which of them Walkback lets psql run.

export interface MetaMarks {
  /** It sends the statement before it, as a semicolon does. */
  ends: boolean
  /** Rows follow it in the script, up to a line with \. */
  data: boolean
}

const sends = new Set([
  'g',
  'gx',
  'gset',
  'gexec',
  'gdesc',
  'crosstabview',
  'watch',
  'bind',
  'bind_named',
  'parse',
  'close_prepared',
])
/** These take the rest of the line as it stands. */
const wholeLine = new Set(['!', 'copy', 'help', 'h', 'ef', 'ev', 'sf', 'sv'])

/** Hands each command on with its arguments; returns where the line goes on, -1 at its end. */
export function createMetaCutter(take: (text: string, marks: MetaMarks) => void): (line: string, at: number) => number {
  return (line, at) => {
    const name = metaName(line.slice(at, at + 100))
    const after = at + 1 + name.length
    const end = wholeLine.has(name) ? line.length : argumentsEnd(line, after)
    const text = line.slice(at, end).trimEnd()
    take(text, { ends: sends.has(name), data: name === 'copy' && /\bfrom\s+p?stdin\b/i.test(text) })
    if (end >= line.length) return -1
    // `\\` ends the arguments: what follows is SQL again.
    return line[end + 1] === '\\' ? end + 2 : end
  }
}

export function metaName(text: string): string {
  return /^\\([^\s\\]*)/.exec(text)?.[1] ?? ''
}

/** The next backslash outside quotes; within single quotes and backticks it only escapes. */
function argumentsEnd(line: string, from: number): number {
  let quote = ''
  for (let at = from; at < line.length; at += 1) {
    const c = line[at] ?? ''
    if (quote !== '') {
      if (c === '\\' && quote === "'") at += 1
      else if (c === quote) quote = ''
    } else if (c === "'" || c === '"' || c === '`') quote = c
    else if (c === '\\') return at
  }
  return line.length
}

const harmless = new Set([
  ...['a', 'bind', 'bind_named', 'c', 'close_prepared', 'conninfo', 'connect', 'crosstabview', 'C', 'echo', 'elif', 'else'],
  ...['encoding', 'endif', 'errverbose', 'f', 'g', 'gdesc', 'gexec', 'gset', 'gx', 'H', 'h', 'help', 'if', 'l', 'lo_list'],
  ...['p', 'parse', 'print', 'pset', 'qecho', 'r', 'reset', 'restrict', 'set', 'sf', 'sv', 't', 'T', 'timing', 'unrestrict'],
  ...['unset', 'warn', 'x', 'z', '?', 'copyright', ''],
])

const reads = 'it reads another file'
const writes = 'it writes a file or feeds a program'
const asks = 'it waits for somebody at a terminal'
const refused: Readonly<Record<string, string>> = {
  i: reads,
  include: reads,
  ir: 'it reads another file, beside this one',
  include_relative: 'it reads another file, beside this one',
  '!': 'it runs a command of the machine that runs Walkback',
  cd: 'it changes the folder that psql works in',
  setenv: 'it changes the environment of programs',
  getenv: 'it reads the environment of Walkback',
  o: writes,
  out: writes,
  w: writes,
  write: writes,
  s: writes,
  lo_export: 'it writes a file',
  lo_import: reads,
  lo_unlink: 'it deletes a large object',
  e: asks,
  edit: asks,
  ef: asks,
  ev: asks,
  password: asks,
  prompt: asks,
  watch: 'it repeats a query without end',
  q: 'it ends the script there, and what follows would never run',
  quit: 'it ends the script there, and what follows would never run',
}

/** Why psql is not let run it, in words; undefined when it is. */
export function metaRefusal(text: string): string | undefined {
  const name = metaName(text)
  const rest = text.slice(1 + name.length)
  // psql runs what stands in backticks, whatever the command: \set x `rm -rf /`.
  if (outsideQuotes(rest).includes('`')) return 'what stands in backticks is run as a command of the machine that runs Walkback'
  if (name === 'copy') {
    return /\b(from\s+p?stdin|to\s+p?stdout)\b/i.test(rest)
      ? undefined
      : 'it copies from or to a file or program of the machine that runs Walkback'
  }
  if (/^gx?$/.test(name) && rest.replace(/^\s*\([^)]*\)/, '').trim() !== '') return writes
  const why = refused[name]
  if (why !== undefined) return why
  // \d and \l in all their forms only show things.
  return harmless.has(name) || /^[dl][A-Za-z]*[S+x]*$/.test(name) ? undefined : 'psql has no such command that Walkback knows'
}

function outsideQuotes(text: string): string {
  return text.replaceAll(/'(?:[^'\\]|\\.)*'/g, '')
}

/**
 * What a row of COPY would do if psql read it as a command, as psql up to 16 does with the rows of a COPY that failed when it
 * goes on after errors. What pg_dump writes never does: it doubles each backslash, and psql drops a line with a wrong command.
 */
export function rowDanger(row: string): string | undefined {
  for (const found of row.matchAll(/\\(\\|[^\s\\]*)/g)) {
    const name = found[1] ?? ''
    if (name === '\\' || !(harmless.has(name) || name in refused || name === 'copy')) continue
    const why = metaRefusal(row.slice(found.index, found.index + 1000))
    if (why !== undefined) return why
  }
  return undefined
}

/** Variables that psql itself sets. */
export const ownVariables: ReadonlySet<string> = new Set([
  ...['AUTOCOMMIT', 'COMP_KEYWORD_CASE', 'DBNAME', 'ECHO', 'ECHO_HIDDEN', 'ENCODING', 'ERROR', 'FETCH_COUNT', 'HIDE_TABLEAM'],
  ...['HIDE_TOAST_COMPRESSION', 'HISTCONTROL', 'HISTSIZE', 'HOST', 'IGNOREEOF', 'LASTOID', 'LAST_ERROR_MESSAGE'],
  ...['LAST_ERROR_SQLSTATE', 'ON_ERROR_ROLLBACK', 'ON_ERROR_STOP', 'PIPELINE_COMMAND_COUNT', 'PIPELINE_RESULT_COUNT'],
  ...['PIPELINE_SYNC_COUNT', 'PORT', 'PROMPT1', 'PROMPT2', 'PROMPT3', 'QUIET', 'ROW_COUNT', 'SERVER_VERSION_NAME'],
  ...['SERVER_VERSION_NUM', 'SERVICE', 'SHELL_ERROR', 'SHELL_EXIT_CODE', 'SHOW_ALL_RESULTS', 'SHOW_CONTEXT', 'SINGLELINE'],
  ...['SINGLESTEP', 'SQLSTATE', 'USER', 'VERBOSITY', 'VERSION', 'VERSION_NAME', 'VERSION_NUM', 'WATCH_INTERVAL'],
])
