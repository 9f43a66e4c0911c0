// The commands of the README as a person runs them: npm start falls back to the browser and says why, npm run pack proves the package.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { tempFolder } from '../support/tempFolder'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)
const running: ChildProcess[] = []

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const exited = once(child, 'exit')
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
    await exited
  }
})

/** Until the text appears in what it prints. */
async function startUntil(file: string, args: string[], env: Record<string, string>, text: RegExp): Promise<string> {
  const child = spawn(file, args, {
    cwd: root,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(child)
  let output = ''
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString()
      if (text.test(output)) resolve()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', (code) => reject(new Error(`it ended with ${code}:\n${output}`)))
  })
  return output
}

const link = /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/

test('npm start says in one sentence why there is no window, and prints the link', async () => {
  const output = await startUntil(
    'npm',
    ['start', '--silent'],
    { WALKBACK_DATA: tempFolder('start'), DISPLAY: '', WAYLAND_DISPLAY: '' },
    link,
  )
  expect(output).toMatch(/^No window: .+\. Walkback runs in the browser instead\.$/m)
  const origin = new URL(link.exec(output)?.[0] ?? '').origin
  const page = await fetch(origin)
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('<title>Walkback</title>')
})

test('npm run pack proves the asar and the fuses', async () => {
  const { stdout } = await run('npm', ['run', '--silent', 'pack'], { cwd: root, maxBuffer: 8 << 20 })
  expect(stdout).toMatch(/asar: \d+ entries, the build and nothing else/)
  // Read back from the packed executable.
  expect(stdout.match(/^fuse: .*$/gm)).toEqual([
    'fuse: runAsNode off',
    'fuse: enableCookieEncryption on',
    'fuse: enableNodeOptionsEnvironmentVariable off',
    'fuse: enableNodeCliInspectArguments off',
    'fuse: enableEmbeddedAsarIntegrityValidation on',
    'fuse: onlyLoadAppFromAsar on',
    'fuse: grantFileProtocolExtraPrivileges off',
  ])
  expect(stdout).toMatch(/packed with (a stub: Electron's runtime is not here, so the result does not run|the real runtime)/)
})

/** A tree with the launcher and a stand-in for the electron package beside it. */
function launcherWith(electron: { executable?: string }): string {
  const folder = tempFolder('runtime')
  chmodSync(folder, 0o755)
  cpSync(join(root, 'build'), join(folder, 'build'), { recursive: true })
  const pack = join(folder, 'node_modules', 'electron')
  mkdirSync(join(pack, 'dist'), { recursive: true })
  writeFileSync(join(pack, 'package.json'), JSON.stringify({ name: 'electron', version: '45.4.1' }))
  writeFileSync(join(pack, 'checksums.json'), '{}')
  if (electron.executable !== undefined) {
    writeFileSync(join(pack, 'dist', 'version'), '45.4.1')
    writeFileSync(join(pack, 'dist', 'electron'), electron.executable, { mode: 0o755 })
  }
  return folder
}

async function findRuntime(folder: string): Promise<{ executable?: string; reason?: string }> {
  // As the postgres account: as root there is never a window. Not this account's home, which it may not read.
  const script = `import(${JSON.stringify(join(folder, 'build', 'electronRuntime.mjs'))}).then((m) => m.findRuntime()).then((r) => console.log('FOUND ' + JSON.stringify(r)))`
  const { stdout } = await run(
    'setpriv',
    ['--reuid=postgres', '--regid=postgres', '--clear-groups', process.execPath, '-e', script],
    {
      cwd: '/',
      env: { PATH: process.env.PATH ?? '', HOME: folder, DISPLAY: ':99' },
    },
  )
  return JSON.parse(/^FOUND (.*)$/m.exec(stdout)?.[1] ?? 'null')
}

test('a runtime that answers the probe is used, one that does not is named', async () => {
  const good = launcherWith({ executable: '#!/bin/sh\n[ "$ELECTRON_RUN_AS_NODE" = 1 ] && printf 45.4.1\n' })
  expect(await findRuntime(good)).toEqual({ executable: join(good, 'node_modules', 'electron', 'dist', 'electron') })
  const bad = launcherWith({ executable: '#!/bin/sh\necho "error while loading shared libraries: libnss3.so" >&2\nexit 127\n' })
  expect(await findRuntime(bad)).toEqual({
    reason: "Electron's runtime does not run here (error while loading shared libraries: libnss3.so)",
  })
})
