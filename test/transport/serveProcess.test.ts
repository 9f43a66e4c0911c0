// The built headless host as a process: what it prints, what others can see of it, and how it stops.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { connectServe, type ServeProcess, serveBundle, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { slowInstallation } from './slowInstallation'

const started: ServeProcess[] = []
const children: ChildProcess[] = []

afterEach(async () => {
  for (const serve of started.splice(0)) await serve.stop()
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

async function serve(options: { args?: string[]; env?: Record<string, string> } = {}) {
  const dataFolder = tempFolder('serve')
  const process = await startServe({ dataFolder, ...options })
  started.push(process)
  return { ...process, dataFolder }
}

const tokenOf = (url: string) => new URL(url).hash.slice('#token='.length)

function linksIn(text: string): string[] {
  return text.match(/http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+/g) ?? []
}

/** Every file under the folder that holds the text. */
function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text))
}

const everyProcess = () => execFileSync('ps', ['axeww', '-o', 'args'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })

/** Starts the bundle to its end: exit status and what it printed. */
async function runServe(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [serveBundle, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

describe('secrets', () => {
  it('neither the token nor the session is in ps, in the environment, in a file or anywhere else in what is printed', async () => {
    const host = await serve()
    const token = tokenOf(host.url)
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(everyProcess()).toContain('serve.mjs')
    expect(everyProcess()).not.toContain(token)
    expect(readFileSync(`/proc/${host.pid}/cmdline`, 'utf8')).not.toContain(token)
    const core = await connectServe(host)
    expect((await core.api.host.info({})).host).toBe('serve')
    expect(everyProcess()).not.toContain(core.session)
    for (const secret of [token, core.session]) expect(filesWith(host.dataFolder, secret)).toEqual([])
    expect(host.output().split(token)).toHaveLength(2)
    expect(host.output()).not.toContain(core.session)
    expect(host.output().match(/^Walkback is ready: http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/gm)).toHaveLength(1)
    core.close()
  })

  it('a password given to test a connection shows nowhere', async () => {
    const host = await serve()
    const core = await connectServe(host)
    const password = 'Tr0ub4dor-and-3-Zebras'
    const settings = {
      host: '127.0.0.1',
      port: 1,
      database: 'postgres',
      user: 'nobody',
      sslmode: 'disable',
      sslrootcert: '',
      sslcert: '',
      sslkey: '',
      service: '',
      passfile: '',
    } as const
    const result = await core.api.connections.test({ id: null, settings, password: { kind: 'set', password, remember: false } })
    expect(result.ok).toBe(false)
    const saved = await core.api.connections.save({
      id: null,
      label: 'x',
      colour: 'slate',
      readOnly: false,
      settings,
      password: { kind: 'set', password, remember: false },
    })
    for (const answer of [result, saved, await core.api.connections.list({})])
      expect(JSON.stringify(answer)).not.toContain(password)
    const wrong = { id: null, settings: { ...settings, port: password }, password: { kind: password } }
    const refused = await core.api.connections.test(wrong as never).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'bad_input' })
    expect(JSON.stringify(refused) + String(refused)).not.toContain(password)
    expect(everyProcess()).not.toContain(password)
    expect(filesWith(host.dataFolder, password)).toEqual([])
    expect(host.output()).not.toContain(password)
    core.close()
  })

  it('serve does not promise to remember passwords, and says why', async () => {
    const core = await connectServe(await serve())
    expect(await core.api.connections.secretStorage({})).toEqual({
      canRemember: false,
      reason: 'In serve mode passwords are kept in memory only, until Walkback stops. Use a .pgpass file to keep one.',
    })
    core.close()
  })
})

describe('links', () => {
  it('Enter and SIGHUP each print a new one that works', async () => {
    const host = await serve()
    host.process.stdin?.write('\n')
    await expect.poll(() => linksIn(host.output()).length).toBe(2)
    host.process.kill('SIGHUP')
    await expect.poll(() => linksIn(host.output()).length).toBe(3)
    const links = linksIn(host.output())
    expect(new Set(links).size).toBe(3)
    for (const url of links) {
      const core = await connectServe({ ...host, url })
      expect((await core.api.host.info({})).host).toBe('serve')
      core.close()
    }
  })

  it('goes on when its terminal is gone', async () => {
    const host = await serve()
    const core = await connectServe(host)
    host.process.stdin?.destroy()
    host.process.stdout?.destroy()
    host.process.stderr?.destroy()
    for (let n = 0; n < 3; n++) host.process.kill('SIGHUP')
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect((await core.api.host.info({})).host).toBe('serve')
    core.close()
  })
})

describe('opening a browser', () => {
  it('hands over a private file, never the token, and removes it at the end', async () => {
    const dataFolder = tempFolder('open')
    const programs = join(dataFolder, 'bin')
    const notes = join(dataFolder, 'notes')
    mkdirSync(programs)
    // Stays for a while, as a browser does: its command line is there to be looked at.
    writeFileSync(
      join(programs, 'xdg-open'),
      `#!/bin/sh\nprintf '%s\\n' "$@" > "${notes}.tmp"; mv "${notes}.tmp" "${notes}"; exec sleep 3\n`,
    )
    chmodSync(join(programs, 'xdg-open'), 0o755)
    // Root's browser would refuse to start, so it is not tried there: the postgres account stands for a person.
    const isRoot = process.getuid?.() === 0
    const [uid, gid] = isRoot
      ? ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })))
      : []
    if (uid !== undefined && gid !== undefined) chownSync(dataFolder, uid, gid)
    const child = spawn(process.execPath, [serveBundle, '--open'], {
      env: {
        PATH: `${programs}:${process.env['PATH']}`,
        DISPLAY: ':99',
        WALKBACK_DATA: join(dataFolder, 'data'),
        HOME: dataFolder,
      },
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid !== undefined && gid !== undefined ? { uid, gid } : {}),
    })
    children.push(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    await expect.poll(() => existsSync(notes), { timeout: 10_000, message: 'the opener to be started' }).toBe(true)
    const file = readFileSync(notes, 'utf8').trim()
    const page = readFileSync(file, 'utf8')
    const [link = ''] = linksIn(page)
    expect(link).not.toBe('')
    expect(everyProcess()).not.toContain(tokenOf(link))
    expect(output).not.toContain(tokenOf(link))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    expect(existsSync(file)).toBe(false)
  })
})

describe('start and stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s ends it with status 0, its port and its sockets', async (signal) => {
    const host = await serve()
    const core = await connectServe(host)
    const watching = (async () => {
      for await (const _ of core.api.jobs.watch({})) continue
    })().catch((error: { code?: string }) => error.code)
    const exited = once(host.process, 'exit')
    host.process.kill(signal)
    expect(await exited).toEqual([0, null])
    expect(await watching).toMatch(/disconnected|cancelled/)
    const socket = connect(Number(new URL(host.origin).port), '127.0.0.1')
    const outcome = await Promise.race([
      once(socket, 'connect').then(() => 'connected'),
      once(socket, 'error').then(() => 'refused'),
    ]).catch(() => 'refused')
    expect(outcome).toBe('refused')
  })

  it('refuses a port that is taken, says so, and leaves the data folder to the next', async () => {
    const blocker = createServer()
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
    const address = blocker.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const dataFolder = tempFolder('port')
    const refused = await runServe([`--port=${port}`], { WALKBACK_DATA: dataFolder })
    blocker.close()
    expect(refused.code).toBe(1)
    expect(refused.stdout).toBe('')
    expect(refused.stderr).toBe(
      `Port ${port} is in use by another program.\nChoose another with --port=, or leave it out and a free one is picked.\n`,
    )
    const next = await startServe({ dataFolder })
    started.push(next)
    expect(next.url).toContain('127.0.0.1')
  })

  it.each([
    ['--prot=5', '"--prot=5" is not an option of serve.'],
    ['--port=99999', '"99999" is not a port number.'],
    ['--port=', '"" is not a port number.'],
    ['--port=0x10', '"0x10" is not a port number.'],
  ])('refuses %s', async (flag, words) => {
    const { code, stdout, stderr } = await runServe([flag], { WALKBACK_DATA: tempFolder('flag') })
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain(words)
  })
})

describe('stopping while a job runs', () => {
  async function withRunningJob(stubborn: boolean) {
    const { bin } = slowInstallation({ stubborn })
    const host = await serve()
    const core = await connectServe(host)
    await core.api.host.saveSettings({ ...(await core.api.host.settings({})), installationFolders: [bin] })
    await core.api.host.installations({ refresh: true })
    const { jobId } = await core.api.practice.make({ name: 'main', folder: bin, fill: false })
    await expect
      .poll(async () => (await core.api.jobs.get({ jobId })).steps.some((step) => step.state === 'running'), { timeout: 10_000 })
      .toBe(true)
    await expect.poll(everyProcess, { timeout: 10_000 }).toContain(join(bin, 'initdb'))
    return { host, jobId, bin }
  }

  it('the first signal names the job, cancels it cleanly and ends with status 0; the next start shows it cancelled', async () => {
    const { host, jobId, bin } = await withRunningJob(false)
    const exited = once(host.process, 'exit')
    host.process.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    expect(host.output()).toContain('This job is running and is cancelled now:\n  Make practice cluster main')
    expect(host.output()).toContain('Press Ctrl+C again to quit at once.')
    expect(everyProcess()).not.toContain(join(bin, 'initdb'))
    const next = await startServe({ dataFolder: host.dataFolder })
    started.push(next)
    const core = await connectServe(next)
    expect((await core.api.jobs.get({ jobId })).state).toBe('cancelled')
    core.close()
  })

  it('the second signal quits at once with status 130, and the next start shows the job as interrupted', async () => {
    const { host, jobId, bin } = await withRunningJob(true)
    const exited = once(host.process, 'exit')
    host.process.kill('SIGINT')
    await expect.poll(() => host.output()).toContain('Waiting for a clean end.')
    const before = performance.now()
    host.process.kill('SIGINT')
    expect(await exited).toEqual([130, null])
    // initdb does not listen to SIGTERM: without the second signal this would have taken ten seconds.
    expect(performance.now() - before).toBeLessThan(3000)
    const next = await startServe({ dataFolder: host.dataFolder })
    started.push(next)
    const core = await connectServe(next)
    expect((await core.api.jobs.get({ jobId })).state).toBe('interrupted')
    expect(everyProcess()).not.toContain(join(bin, 'initdb'))
    core.close()
  })
})
