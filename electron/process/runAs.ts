// Running a program as another account of this machine, and looking such an account up.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { promisify } from 'node:util'
import { AppError } from '../../shared/rpc/appError'
import type { OsAccount } from './processTypes'

const run = promisify(execFile)

export interface Launch {
  file: string
  argv: readonly string[]
  uid?: number
  gid?: number
  /** Set when sudo stands between us and the program. */
  sudoAccount?: string
}

function parsePasswdLine(line: string): OsAccount | null {
  const [name, , uid, gid, , home] = line.split(':')
  if (!name || !/^\d+$/.test(uid ?? '') || !/^\d+$/.test(gid ?? '')) return null
  return { name, uid: Number(uid), gid: Number(gid), home: home || '/' }
}

/**
 * The account of that name or user id, or null when the machine has none. `getent` also knows accounts of LDAP and the
 * like; `id` is what macOS has instead.
 */
export async function findAccount(nameOrUid: string | number): Promise<OsAccount | null> {
  if (process.platform === 'win32') return null
  const wanted = String(nameOrUid)
  if (wanted === '' || wanted.startsWith('-') || /[:\n\0]/.test(wanted)) return null
  try {
    const { stdout } = await run('getent', ['passwd', wanted])
    const account = parsePasswdLine(stdout.split('\n')[0] ?? '')
    if (account) return account
  } catch {
    // no getent, or it knows no such account: the next places are asked
  }
  const fromFile = readPasswd().find((account) => account.name === wanted || String(account.uid) === wanted)
  if (fromFile) return fromFile
  try {
    // BSD's id prints the passwd line: name:password:uid:gid:class:change:expire:gecos:home:shell
    const { stdout } = await run('id', ['-P', wanted])
    const fields = stdout.trim().split(':')
    return parsePasswdLine([fields[0], '', fields[2], fields[3], '', fields[8]].join(':'))
  } catch {
    return null // GNU's id has no -P, and no other place is left
  }
}

function readPasswd(): OsAccount[] {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map(parsePasswdLine)
      .filter((account) => account !== null)
  } catch {
    return [] // a machine without the file keeps its accounts elsewhere
  }
}

/** The account we run as ourselves. */
export function ownAccount(): OsAccount {
  const own = userInfo()
  return { name: own.username, uid: own.uid, gid: own.gid, home: own.homedir }
}

/** The account a file or folder belongs to; null when it is our own. Throws AppError permission for a user id without one. */
export async function ownerOf(path: string): Promise<OsAccount | null> {
  const { uid } = await stat(path)
  if (process.getuid === undefined || uid === process.getuid()) return null
  const account = await findAccount(uid)
  if (account) return account
  throw new AppError('permission', `${path} belongs to the user id ${uid}, which this machine has no account for.`, {
    hint: `Give it to the account that should run the server: chown -R postgres ${path}`,
  })
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/**
 * How to start a program as `account`: as it is when we are that account, by uid and gid as root (Node then clears the
 * supplementary groups), else through sudo without a password. `environment` names the variables sudo has to hand on;
 * their values stay out of the command line. Throws AppError permission with the command to run by hand.
 */
export async function launchAs(
  account: OsAccount,
  file: string,
  argv: readonly string[],
  environment: readonly string[],
): Promise<Launch> {
  const uid = process.getuid?.()
  if (uid === undefined) {
    throw new AppError('permission', `Walkback can't run a program as the account ${account.name} on this system.`, {
      hint: `Start Walkback as ${account.name}.`,
    })
  }
  if (uid === account.uid) return { file, argv }
  if (uid === 0) return { file, argv, uid: account.uid, gid: account.gid }
  try {
    await run('sudo', ['-n', '-u', account.name, '-l', '--', file, ...argv], { timeout: 10_000 })
  } catch (error) {
    const command = ['sudo', '-u', account.name, '--', file, ...argv].map(shellWord).join(' ')
    throw new AppError(
      'permission',
      `This has to run as the account ${account.name}, and Walkback runs as ${ownAccount().name}.`,
      {
        hint: `Start Walkback as root or as ${account.name}, allow it in sudoers without a password, or run this yourself: ${command}`,
        cause: error,
      },
    )
  }
  const keep = environment.length === 0 ? [] : [`--preserve-env=${environment.join(',')}`]
  return { file: 'sudo', argv: ['-n', '-u', account.name, ...keep, '--', file, ...argv], sudoAccount: account.name }
}
