// Finds Electron's runtime, or fetches it, or says in a few words why there can be no window here.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { capture } from './run.mjs'

const require = createRequire(import.meta.url)
/** Given up when nothing has moved for this long. */
const stallMs = 8_000

/**
 * Never by requiring 'electron' itself: that downloads synchronously and without a time limit.
 * Returns the folder of the npm package, or undefined when it is not installed.
 */
function packageFolder() {
  try {
    return dirname(require.resolve('electron/package.json'))
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

function executableIn(folder) {
  const names = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }
  const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist')
  const executable = join(dist, names[process.platform] ?? 'electron')
  return existsSync(join(dist, 'version')) && existsSync(executable) ? executable : undefined
}

function readNumber(file) {
  return existsSync(file) ? Number(readFileSync(file, 'utf8').trim()) : undefined
}

/** Chromium's sandbox needs user namespaces or its setuid helper; Walkback is never started with --no-sandbox. */
function sandboxProblem(folder) {
  if (process.platform !== 'linux') return undefined
  const helper = join(folder, 'dist', 'chrome-sandbox')
  const configured = existsSync(helper) && statSync(helper).uid === 0 && (statSync(helper).mode & 0o4000) !== 0
  if (configured) return undefined
  if (
    readNumber('/proc/sys/kernel/unprivileged_userns_clone') === 0 ||
    readNumber('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === 1
  ) {
    return `this system allows no unprivileged user namespaces, which the window's sandbox needs (sudo chown root ${helper} && sudo chmod 4755 ${helper} allows it)`
  }
  return undefined
}

/** Downloads into @electron/get's cache; resolves to undefined or the reason for giving up. */
async function download(folder) {
  const { downloadArtifact, getHostArch } = await import('@electron/get')
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const stalled = new AbortController()
  let timer
  const moved = () => {
    clearTimeout(timer)
    timer = setTimeout(() => stalled.abort(new Error(`nothing moved for ${stallMs / 1000} s`)), stallMs)
  }
  const gaveUp = new Promise((_, reject) => stalled.signal.addEventListener('abort', () => reject(stalled.signal.reason)))
  console.log(`Fetching Electron ${version} ...`)
  moved()
  try {
    const artifact = downloadArtifact({
      version,
      artifactName: 'electron',
      platform: process.platform,
      arch: getHostArch(),
      cacheRoot: process.env.electron_config_cache,
      checksums: JSON.parse(readFileSync(join(folder, 'checksums.json'), 'utf8')),
      downloadOptions: { quiet: true, signal: stalled.signal, getProgressCallback: async () => moved() },
    })
    // The signal ends a stalled transfer; a name look-up that hangs is ended by the race alone.
    artifact.catch(() => undefined)
    await Promise.race([artifact, gaveUp])
    return undefined
  } catch (error) {
    return error.cause?.code ?? error.message.split('\n')[0]
  } finally {
    clearTimeout(timer)
  }
}

/** { executable } or { reason }. `mayFetch: false` only looks. */
export async function findRuntime({ mayFetch = true } = {}) {
  const folder = packageFolder()
  if (!folder) return { reason: 'the electron package is not installed' }
  if (process.platform === 'linux') {
    if (process.getuid?.() === 0) return { reason: 'the sandbox of its window does not run as root' }
    if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return { reason: 'there is no display' }
  }
  let executable = executableIn(folder)
  if (!executable && !mayFetch) return { reason: "Electron's runtime is not installed" }
  if (!executable) {
    const problem = await download(folder)
    if (problem) return { reason: `Electron's runtime is not installed and could not be fetched (${problem})` }
    const unpacked = await capture(process.execPath, [join(folder, 'install.js')])
    executable = executableIn(folder)
    if (!executable)
      return { reason: `Electron's runtime could not be unpacked (${unpacked.stderr.trim().split('\n')[0] ?? 'no message'})` }
  }
  const sandbox = sandboxProblem(folder)
  if (sandbox) return { reason: sandbox }
  const probe = await capture(executable, ['-e', 'process.stdout.write(process.versions.electron)'], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  })
  if (probe.code !== 0 || !/^\d+\./.test(probe.stdout)) {
    return { reason: `Electron's runtime does not run here (${probe.stderr.trim().split('\n')[0] || `exit ${probe.code}`})` }
  }
  return { executable }
}
