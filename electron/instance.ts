// One Walkback per data folder: the lock that says so, and the id that marks its child processes.
import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../shared/rpc/appError'
import { instanceFile } from './appPaths'
import { writeDurably } from './durableFile'
import { processStartMark } from './process/processTable'
import { errorCode, fromSystemError } from './process/systemError'

const holder = z.object({ pid: z.int().positive(), startMark: z.string(), boot: z.string() })
const identity = z.object({ id: z.string().regex(/^[0-9a-f]{16}$/) })

/** A takeover lasts milliseconds; one this old was itself interrupted. */
const takeoverMs = 10_000

export interface Instance {
  /** Stays the same for a data folder. */
  id: string
  release(): void
}

/** Throws AppError conflict, naming the process, when another one works on this data folder. */
export async function claimInstance(dataFolder: string): Promise<Instance> {
  const lock = join(dataFolder, 'instance.lock')
  const startMark = await processStartMark(process.pid)
  const own = JSON.stringify({ pid: process.pid, startMark: startMark ?? '', boot: bootId() })
  try {
    if (!tryLock(lock, own)) await takeOver(lock, own, dataFolder)
  } catch (error) {
    throw fromSystemError(error, `use the data folder ${dataFolder}`) ?? error
  }
  return {
    id: instanceId(dataFolder),
    release: () => {
      if (readText(lock) === own) unlinkSync(lock)
    },
  }
}

/** Whole from its first moment: a link to a finished file, never a file that is being written. */
function tryLock(lock: string, text: string): boolean {
  const temporary = `${lock}.${randomBytes(4).toString('hex')}`
  writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' })
  try {
    linkSync(temporary, lock)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Two that find the same dead lock must not both replace it: a folder, made by one of them only, guards the exchange. */
async function takeOver(lock: string, own: string, dataFolder: string): Promise<void> {
  const guard = `${lock}.takeover`
  const taken = (pid: number | null) =>
    new AppError(
      'conflict',
      `Walkback is already running on the data folder ${dataFolder}${pid === null ? '' : ` (process ${pid})`}.`,
      {
        hint: `Use that one, end it${pid === null ? '' : ` with "kill ${pid}"`}, or start with another folder in WALKBACK_DATA.`,
      },
    )
  try {
    mkdirSync(guard)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    if (Date.now() - statSync(guard).mtimeMs < takeoverMs) throw taken(null)
    rmdirSync(guard)
    mkdirSync(guard)
  }
  try {
    const pid = await livingHolder(lock)
    if (pid !== null) throw taken(pid)
    rmSync(lock, { force: true })
    if (!tryLock(lock, own)) throw taken(null)
  } finally {
    rmdirSync(guard)
  }
}

async function livingHolder(lock: string): Promise<number | null> {
  const parsed = holder.safeParse(parseJson(readText(lock)))
  if (!parsed.success || parsed.data.boot !== bootId()) return null
  const { pid, startMark } = parsed.data
  return (await processStartMark(pid)) === startMark ? pid : null
}

/** Process numbers and start times mean nothing after a restart of the machine. */
function bootId(): string {
  return process.platform === 'linux' ? readText('/proc/sys/kernel/random/boot_id').trim() : ''
}

function instanceId(dataFolder: string): string {
  const file = join(dataFolder, instanceFile)
  const known = identity.safeParse(parseJson(readText(file)))
  if (known.success) return known.data.id
  const id = randomBytes(8).toString('hex')
  writeDurably(file, JSON.stringify({ id }))
  return id
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ''
    throw error
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // empty or broken: the schema refuses it
  }
}
