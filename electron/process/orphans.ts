// Finds and ends children of an earlier run of ours that outlived it although they should not have.
import { readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { jobMarkName } from './childEnvironment'
import { listProcPids, processStartMark, readProcStat } from './processTable'
import { errorCode } from './systemError'

const graceMs = 5_000

export interface Orphan {
  pid: number
  /** Empty when it is not known to which job it belonged. */
  jobId: string
  program: string
  /** false when it is still there although it was killed. */
  ended: boolean
}

interface Found {
  pid: number
  jobId: string
  program: string
  startMark: string
}

/**
 * On Linux by the mark in the environment, which grandchildren inherit; elsewhere by the numbers that were recorded with
 * the start time of each process. TERM first, KILL for what is there after five seconds.
 * The caller must hold the instance's lock: the mark alone does not tell an orphan from a child of a running instance.
 */
export async function endOrphans(
  instanceId: string,
  recorded: readonly { pid: number; startMark: string }[],
  byMark: boolean = process.platform === 'linux',
): Promise<Orphan[]> {
  const found = byMark ? findMarked(instanceId) : await findRecorded(recorded)
  const all = new Map(found.map((orphan) => [orphan.pid, orphan]))
  for (const orphan of found) signal(orphan.pid, 'SIGTERM')
  const deadline = Date.now() + graceMs
  let left = await stillThere([...all.values()])
  while (left.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    left = await stillThere(left)
  }
  // A killed parent may have started another one since the first look.
  if (byMark) for (const late of findMarked(instanceId)) all.set(late.pid, late)
  left = await stillThere([...all.values()])
  for (const orphan of left) signal(orphan.pid, 'SIGKILL')
  for (let look = 0; left.length > 0 && look < 40; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    left = await stillThere(left)
  }
  return [...all.values()].map(({ pid, jobId, program }) => ({
    pid,
    jobId,
    program,
    ended: !left.some((one) => one.pid === pid),
  }))
}

function findMarked(instanceId: string): Found[] {
  const prefix = `${jobMarkName}=${instanceId}:`
  const ours = ownLine()
  const found: Found[] = []
  for (const pid of listProcPids()) {
    if (ours.has(pid)) continue
    const mark = readEnvironment(pid).find((entry) => entry.startsWith(prefix))
    const stat = mark === undefined ? null : readProcStat(pid)
    if (mark === undefined || stat === null || stat.zombie) continue
    found.push({ pid, jobId: mark.slice(prefix.length), program: programOf(pid), startMark: stat.started })
  }
  return found
}

/** Ourselves and our parents: a Walkback started from within a job must not end itself. */
function ownLine(): Set<number> {
  const line = new Set<number>()
  for (let pid = process.pid; pid > 0 && !line.has(pid); pid = readProcStat(pid)?.parent ?? 0) line.add(pid)
  return line
}

function readEnvironment(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return [] // ended meanwhile, or another account's: that one can't be told and could not be signalled either
  }
}

function programOf(pid: number): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`))
  } catch {
    return '?' // a kernel thread or gone: only the name for the log is lost
  }
}

async function findRecorded(recorded: readonly { pid: number; startMark: string }[]): Promise<Found[]> {
  const found = recorded.map(({ pid, startMark }) => ({ pid, startMark, jobId: '', program: 'a program of an earlier job' }))
  return stillThere(found)
}

async function stillThere(found: readonly Found[]): Promise<Found[]> {
  const marks = await Promise.all(found.map(({ pid }) => processStartMark(pid)))
  return found.filter(({ startMark }, index) => marks[index] === startMark)
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    // Gone is what we want. What we may not signal is reported as not ended.
    if (!['ESRCH', 'EPERM'].includes(errorCode(error))) throw error
  }
}
