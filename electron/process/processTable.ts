// Looks at running processes: whether one still is the one we knew, and who is left in a process group.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { errorCode } from './systemError'

const run = promisify(execFile)

export interface ProcessStat {
  pid: number
  parent: number
  group: number
  zombie: boolean
  /** Clock ticks since boot. */
  started: string
}

/** null when there is no such process, or it ended while we looked. Linux only. */
export function readProcStat(pid: number): ProcessStat | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return null // gone: that is the answer
  }
  // The second field is the name in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    zombie: fields[0] === 'Z' || fields[0] === 'X',
    started: fields[19] ?? '',
  }
}

export function listProcPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/**
 * Text that stays the same as long as a process lives, and differs for another one that got its number later.
 * null when there is no such process.
 */
export async function processStartMark(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const stat = readProcStat(pid)
    return stat === null || stat.zombie ? null : stat.started
  }
  if (process.platform === 'win32') {
    const { stdout } = await run('powershell', [
      '-NoProfile',
      '-Command',
      `(Get-Process -Id ${pid} -ErrorAction SilentlyContinue).StartTime.Ticks`,
    ])
    return stdout.trim() || null
  }
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { PATH: process.env.PATH, LC_ALL: 'C' } })
    return stdout.trim() || null
  } catch {
    return null // ps exits 1 when there is no such process
  }
}

/** Whether the group has a member that still runs. A zombie doesn't count: in a container nobody may collect it. */
export function groupHasMembers(group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false
    // EPERM: there are members, of another account
  }
  if (process.platform !== 'linux') return true
  return listProcPids().some((pid) => {
    const stat = readProcStat(pid)
    return stat !== null && stat.group === group && !stat.zombie
  })
}
