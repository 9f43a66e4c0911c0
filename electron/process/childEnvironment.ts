// The small clean environment child processes get: nothing of ours leaks in, and messages come in English to be read.
import type { OsAccount } from './processTypes'
import type { Secret } from './secret'

/** Kerberos tickets for GSS logins, and where temporary files go. Nothing that begins with PG. */
const inheritedPosix = ['PATH', 'HOME', 'TZ', 'TMPDIR', 'KRB5CCNAME', 'KRB5_CONFIG']

/** Windows programs don't start without the first two, and libpq looks for its files under APPDATA. */
const inheritedWindows = [
  'SystemRoot',
  'PATH',
  'PATHEXT',
  'COMSPEC',
  'TEMP',
  'TMP',
  'APPDATA',
  'LOCALAPPDATA',
  'USERPROFILE',
  'TZ',
]

/** Left of these when another account runs the program: it has its own home, and our tickets are not its. */
const inheritedAsOther = ['PATH', 'TZ']

const fallbackPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export const jobMarkName = 'WALKBACK_JOB'

export interface ChildEnvironment {
  env?: Readonly<Record<string, string>> | undefined
  secretEnv?: Readonly<Record<string, Secret>> | undefined
  runAs?: OsAccount | undefined
  /** `<instance>:<job>`; absent for what must outlive us. */
  mark?: string | undefined
}

export function childEnvironment(wanted: ChildEnvironment): Record<string, string> {
  const windows = process.platform === 'win32'
  const other = wanted.runAs
  const result: Record<string, string> = {}
  for (const name of windows ? inheritedWindows : other ? inheritedAsOther : inheritedPosix) {
    const value = process.env[name]
    if (value !== undefined) result[name] = value
  }
  if (!windows) result.PATH ??= fallbackPath
  if (other) Object.assign(result, { HOME: other.home, USER: other.name, LOGNAME: other.name })
  Object.assign(result, { LANG: 'C.UTF-8', LC_MESSAGES: 'C' }, wanted.env)
  for (const [name, secret] of Object.entries(wanted.secretEnv ?? {})) result[name] = secret.reveal()
  if (wanted.mark !== undefined) result[jobMarkName] = wanted.mark
  return result
}
