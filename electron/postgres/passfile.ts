// .pgpass files as libpq reads them: where the file is, which line matches, and when libpq would ignore the file.
// Rules: "The Password File" in the libpq chapter, and passwordFromFile() in fe-connect.c.
import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '../process/secret'
import { defaultSocketFolder } from './socketFolders'

export interface PassfileTarget {
  host: string
  port: number
  database: string
  user: string
}

export type PassfileAnswer =
  | { kind: 'found'; password: Secret; file: string }
  | { kind: 'no-match'; file: string }
  | { kind: 'absent'; file: string }
  /** There, but libpq won't use it; `reason` says why and `fix` is the command that helps. */
  | { kind: 'ignored'; file: string; reason: string; fix: string; wouldMatch: boolean | null }

/** The connection's own setting, else PGPASSFILE, else ~/.pgpass. */
export function passfilePath(setting: string, env: NodeJS.ProcessEnv = process.env): string {
  if (setting !== '') return setting
  if (env.PGPASSFILE) return env.PGPASSFILE
  return process.platform === 'win32'
    ? join(env.APPDATA ?? homedir(), 'postgresql', 'pgpass.conf')
    : join(env.HOME || homedir(), '.pgpass')
}

/** Consumes one field of a line: what is left after it, or undefined when it isn't `token`. As pwdfMatchesString(). */
function afterField(line: string, token: string): string | undefined {
  if (line.startsWith('*:')) return line.slice(2)
  let at = 0
  let tokenAt = 0
  while (at < line.length) {
    if (line[at] === ':' && tokenAt === token.length) return line.slice(at + 1)
    if (line[at] === '\\') at += 1
    if (tokenAt === token.length || line[at] !== token[tokenAt]) return undefined
    at += 1
    tokenAt += 1
  }
  return undefined
}

/** The rest of the line up to a colon that isn't escaped, with its backslashes taken out. */
function unescapeRest(rest: string): string {
  let password = ''
  for (let at = 0; at < rest.length && rest[at] !== ':'; at += 1) {
    if (rest[at] === '\\' && at + 1 < rest.length) at += 1
    password += rest[at]
  }
  return password
}

/** The first line that matches counts, even when its password is empty (then none is known, null). */
export function matchPassfile(text: string, target: PassfileTarget): string | null {
  const host = target.host === '' || target.host === defaultSocketFolder(target.port) ? 'localhost' : target.host
  const fields = [host, String(target.port), target.database, target.user]
  for (const raw of text.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    if (line === '' || line.startsWith('#')) continue
    const rest = fields.reduce<string | undefined>(
      (left, field) => (left === undefined ? undefined : afterField(left, field)),
      line,
    )
    if (rest !== undefined) return unescapeRest(rest) || null
  }
  return null
}

/** What goes into a passfile's field for this exact text. */
export function escapePassfileField(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll(':', '\\:')
}

/** Looks the password up as libpq would, and tells an ignored file from one without the line. */
export function askPassfile(file: string, target: PassfileTarget): PassfileAnswer {
  let stat: ReturnType<typeof statSync>
  try {
    stat = statSync(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent', file }
    return unreadable(file)
  }
  if (!stat.isFile()) {
    return { kind: 'ignored', file, reason: 'is not a plain file', fix: 'Name a plain file.', wouldMatch: null }
  }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return unreadable(file) // EACCES: libpq can't read it either, and says nothing
  }
  const password = matchPassfile(text, target)
  // Windows has no such bits; libpq checks nothing there.
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
    const reason = 'can be read or written by other accounts of this machine, so PostgreSQL programs ignore it'
    return { kind: 'ignored', file, reason, fix: `Run: chmod 0600 ${shellWord(file)}`, wouldMatch: password !== null }
  }
  return password === null ? { kind: 'no-match', file } : { kind: 'found', password: new Secret(password), file }
}

function unreadable(file: string): PassfileAnswer {
  const fix = 'Make it readable for the account that runs Walkback, and for no other (mode 0600).'
  return { kind: 'ignored', file, reason: "can't be read by the account that runs Walkback", fix, wouldMatch: null }
}

/** Shown to be pasted into a shell; never run by us. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
