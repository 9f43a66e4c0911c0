// Folders for tests that vanish with everything in them, servers included, also when the test fails or its process is killed.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/**
 * Waits in a process group of its own for the end of its standard input, which comes when this process ends in whatever
 * way; then stops the servers in the folders it was told of and deletes the folders.
 */
const reaperScript = `
declare -A folders
while IFS= read -r line; do
  case $line in
    '+ '*) folders[\${line#* }]=1 ;;
    '- '*) unset "folders[\${line#* }]" ;;
  esac
done
servers() {
  for folder in "\${!folders[@]}"; do
    find "$folder" -maxdepth 6 -name postmaster.pid 2>/dev/null | while IFS= read -r file; do
      pid=$(head -n 1 "$file" 2>/dev/null)
      [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$(dirname "$file")" ] && echo "$pid"
    done
  done
}
found=$(servers)
[ -n "$found" ] && kill -QUIT $found 2>/dev/null
for _ in $(seq 50); do [ -z "$(servers)" ] && break; sleep 0.2; done
found=$(servers)
[ -n "$found" ] && kill -KILL $found 2>/dev/null
for folder in "\${!folders[@]}"; do rm -rf -- "$folder"; done
`

const folders = new Set<string>()
let reaper: NodeJS.WritableStream | undefined

function tellReaper(line: string): void {
  if (!reaper) {
    const child = spawn('bash', ['-c', reaperScript], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' })
    child.unref()
    // Sockets can be unref'ed, so that the reaper keeps no test process alive; the stream type does not say so.
    if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref()
    reaper = child.stdin
  }
  reaper.write(`${line}\n`)
}

/** `npm test` gives one in memory; with the full counts and for a single file it is the disk. */
const parent = process.env.WALKBACK_TEST_FOLDER ?? '/tmp'

/**
 * A new folder directly under its parent, since socket paths are limited to 107 bytes. Mode 0711: the postgres account can pass
 * through to what it owns inside. Removed after the test file, with whatever runs in it.
 */
export function tempFolder(prefix = 'test'): string {
  const folder = fs.mkdtempSync(path.join(parent, `wb-${prefix}-`))
  fs.chmodSync(folder, 0o711)
  folders.add(folder)
  tellReaper(`+ ${folder}`)
  return folder
}

/** Stops every server whose data directory lies in the folder, and deletes it. */
export async function removeTempFolder(folder: string): Promise<void> {
  if (!folders.has(folder)) throw new Error(`${folder} was not made by tempFolder`)
  await stopServersIn(folder)
  await fs.promises.rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  folders.delete(folder)
  tellReaper(`- ${folder}`)
}

export async function removeAllTempFolders(): Promise<void> {
  const results = await Promise.allSettled([...folders].map(removeTempFolder))
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []))
  if (failed.length > 0) throw new Error(`temporary folders are left: ${failed.join('; ')}`)
}

export async function stopServersIn(folder: string): Promise<void> {
  const found = spawnSync('find', [folder, '-maxdepth', '6', '-name', 'postmaster.pid'], { encoding: 'utf8' })
  for (const file of found.stdout.split('\n').filter(Boolean)) {
    const dataDirectory = path.dirname(file)
    const pid = readPostmasterPid(dataDirectory)
    if (pid !== undefined && processesIn(dataDirectory).includes(pid)) process.kill(pid, 'SIGQUIT')
    await waitUntilNoProcessIn(dataDirectory, 10_000)
  }
}

/** The pid the server of a data directory wrote; undefined when there is no postmaster.pid. */
export function readPostmasterPid(dataDirectory: string): number | undefined {
  const file = path.join(dataDirectory, 'postmaster.pid')
  if (!fs.existsSync(file)) return undefined
  const pid = Number(fs.readFileSync(file, 'utf8').split('\n')[0])
  return Number.isInteger(pid) && pid > 1 ? pid : undefined
}

/** Processes that work in the folder: a server and all its backends have the data directory as theirs. */
export function processesIn(folder: string): number[] {
  const real = fs.existsSync(folder) ? fs.realpathSync(folder) : folder
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return fs.readlinkSync(`/proc/${pid}/cwd`) === real
      } catch {
        return false // gone since, or not ours to see
      }
    })
}

/** Rejects when processes are left after the time. */
export async function waitUntilNoProcessIn(folder: string, timeoutMs: number): Promise<void> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const left = processesIn(folder)
    if (left.length === 0) return
    if (Date.now() > end) throw new Error(`processes ${left.join(', ')} still run in ${folder}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

// After each test file that uses folders; a bench script outside vitest relies on the reaper alone.
if (process.env.VITEST) {
  const { afterAll } = await import('vitest')
  afterAll(removeAllTempFolders, 60_000)
}
