// Reads what a server wrote to its log since a start: whether it is up, and in whose words it failed.
import { open, stat } from 'node:fs/promises'
import { errorCode } from '../process/systemError'

const ready = 'database system is ready to accept connections'
const readyReadOnly = 'database system is ready to accept read-only connections'
const readyReadOnlyOld = 'database system is ready to accept read only connections'
const maxBytes = 4 * 1024 * 1024

/** Size in bytes now, 0 when there is no file: the place to read from after a start. */
export async function logSize(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0
    throw error
  }
}

/** Complete lines from a byte position on, at most the last 4 MB of them. */
export async function readLogFrom(file: string, from: number): Promise<string[]> {
  let handle: Awaited<ReturnType<typeof open>>
  try {
    handle = await open(file, 'r')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
  try {
    const { size } = await handle.stat()
    const start = Math.max(from, size - maxBytes)
    if (size <= start) return []
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start)
    return buffer.subarray(0, bytesRead).toString('utf8').split('\n').slice(0, -1)
  } finally {
    await handle.close()
  }
}

/** The server said that it takes connections. */
export function saysReady(lines: readonly string[]): boolean {
  return lines.some((line) => line.includes(ready) || line.includes(readyReadOnly) || line.includes(readyReadOnlyOld))
}

export function saysShutDown(lines: readonly string[]): boolean {
  return lines.some((line) => line.includes('database system is shut down'))
}

/** It went through crash recovery, as after a kill or a power cut. */
export function saysRecovered(lines: readonly string[]): boolean {
  return lines.some((line) => line.includes('automatic recovery in progress'))
}

/** Another program has the port; the server names it "Address already in use" before it gives up. */
export function saysPortTaken(lines: readonly string[]): boolean {
  return lines.some((line) => /could not bind .*Address already in use/.test(line))
}

const severity = /\b(?:FATAL|PANIC):\s+/
const belongsToIt = /\b(?:DETAIL|HINT):\s+/

/** The FATAL and PANIC lines with their DETAIL and HINT; without any, the last three lines. Time and pid are cut off. */
export function failureLines(lines: readonly string[]): string[] {
  const found: string[] = []
  let taking = false
  for (const line of lines) {
    taking = severity.test(line) || (taking && belongsToIt.test(line))
    if (taking) found.push(line.replace(/^.*?\b(?=(?:FATAL|PANIC|DETAIL|HINT):)/, ''))
  }
  return (found.length > 0 ? found : lines.slice(-3)).slice(-8)
}

/** What the person can do about a server that does not start, by its own words. */
export function startHint(lines: readonly string[], logFile: string): string {
  const text = lines.join('\n')
  const advice: [RegExp, string][] = [
    [/lock file "postmaster\.pid" already exists/, 'Another server runs in this data directory. Stop it first.'],
    [/Address already in use/, 'Another program listens on this port. Stop it, or choose another port.'],
    [
      /could not create any (?:TCP\/IP|Unix-domain) sockets|Unix-domain socket path .* is too long/,
      'Choose a shorter folder, or another port.',
    ],
    [/No space left on device/, 'The disk is full. Free some space and start again.'],
    [
      /could not map anonymous shared memory|Cannot allocate memory/,
      'The machine is short of memory. End something else, or lower shared_buffers.',
    ],
    [
      /database files are incompatible with server/,
      'The data directory is of another major version: start it with the programs of that version.',
    ],
    [
      /has (?:group or world access|wrong ownership|invalid permissions)/,
      'The data directory must belong to the account that starts the server, with mode 0700 or 0750.',
    ],
    [/Permission denied/, 'The account that starts the server may not read or write something it needs: the log names it.'],
    [
      /could not locate a valid checkpoint record|invalid checkpoint record/,
      'The WAL the cluster needs is not there or damaged. Restore a backup; do not delete backup_label.',
    ],
    [
      /unrecognized configuration parameter|configuration file .* contains errors/,
      'Correct the setting that the log names, and start again.',
    ],
  ]
  return advice.find(([pattern]) => pattern.test(text))?.[1] ?? `The server's log says more: ${logFile}`
}
