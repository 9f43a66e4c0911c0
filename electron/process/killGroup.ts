// Ends a child with everything it started: a signal to its process group, or taskkill's tree on Windows.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { groupHasMembers } from './processTable'
import { errorCode } from './systemError'

const run = promisify(execFile)

/**
 * `pid` leads its group (it was spawned detached). `account` is who runs it when that went through sudo: then we may not
 * signal it ourselves, and its own account has to. Resolves whether or not anything was left to signal.
 */
export async function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL', account?: string): Promise<void> {
  if (process.platform === 'win32') {
    await taskkill(pid, signal === 'SIGKILL')
    return
  }
  try {
    process.kill(-pid, signal)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ESRCH') return
    if (code !== 'EPERM' || account === undefined) throw error
  }
  if (account !== undefined) await signalThroughSudo(pid, signal, account)
}

async function taskkill(pid: number, force: boolean): Promise<void> {
  try {
    await run('taskkill', ['/PID', String(pid), '/T', ...(force ? ['/F'] : [])])
  } catch (error) {
    // 128: no such process. Console programs refuse the gentle way; the forced one follows after the grace time.
    if (force && errorCode(error) !== '128') throw error
  }
}

/** sudo may put its command into a session of its own (use_pty), so the descendants are named one by one. */
async function signalThroughSudo(pid: number, signal: string, account: string): Promise<void> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid='])
  const children = new Map<number, number[]>()
  for (const line of stdout.split('\n')) {
    const [child, parent] = line.trim().split(/\s+/).map(Number)
    if (child !== undefined && parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), child])
  }
  const found: number[] = []
  const visit = (parent: number) => {
    for (const child of children.get(parent) ?? []) {
      found.push(child)
      visit(child)
    }
  }
  visit(pid)
  if (found.length === 0) return
  try {
    await run('sudo', ['-n', '-u', account, '--', 'kill', '-s', signal.slice(3), ...found.map(String)])
  } catch (error) {
    if (groupHasMembers(pid)) throw error // else all of them ended in between
  }
}

/** Waits until nobody is left in the group; false when the time is over first. */
export async function groupEnded(pid: number, withinMs: number): Promise<boolean> {
  if (process.platform === 'win32') return true // taskkill /T /F is all there is
  const deadline = Date.now() + withinMs
  for (let pause = 5; groupHasMembers(pid); pause = Math.min(pause * 2, 200)) {
    if (Date.now() >= deadline) return false
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
  return true
}
