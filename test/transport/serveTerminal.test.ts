// serve in a real terminal with job control: Enter in the foreground, never stopped for reading in the background, and
// what happens when the terminal closes.
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openWsPort } from '../../renderer/rpc/wsPort'
import { contracts } from '../../shared/contracts'
import { connectClient } from '../../shared/rpc/client'
import { serveBundle } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { browserLikeWebSocket, exchangeLink } from './portPairs'
import { slowInstallation } from './slowInstallation'

const terminals: ChildProcess[] = []
const servePids: number[] = []
const soon = { timeout: 30_000 }

afterEach(() => {
  for (const pid of servePids.splice(0)) if (lives(pid)) process.kill(pid, 'SIGKILL')
  for (const terminal of terminals.splice(0)) terminal.kill('SIGKILL')
  vi.unstubAllGlobals()
})

/** R, S, D: it lives; T: the terminal has stopped it; Z: it has ended and nobody has asked how; empty: it is gone. */
function stateOf(pid: number): string {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return '' // gone, perhaps while it was read
  }
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
}

const lives = (pid: number) => !['', 'Z'].includes(stateOf(pid))

/** serve in the background of an interactive shell that has a terminal of its own. */
async function serveInTerminal() {
  const shell = spawn('script', ['-q', '-c', 'bash --norc --noediting -i', '/dev/null'], {
    env: { ...process.env, WALKBACK_DATA: tempFolder('terminal'), HISTFILE: '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  terminals.push(shell)
  let output = ''
  shell.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const type = (text: string) => shell.stdin.write(text)
  const links = () => output.match(/http:\/\/\S+#token=[\w-]{43}/g) ?? []
  // What is typed before the shell has set its terminal up is thrown away.
  await expect.poll(() => output, soon).toMatch(/[#$] $/)
  type(`echo SHELL=$$. ; ${process.execPath} ${serveBundle} & echo PID=$!.\n`)
  await expect.poll(() => output, soon).toMatch(/#token=[\w-]{43}/)
  const pid = Number(/PID=(\d+)\./.exec(output)?.[1])
  const shellPid = Number(/SHELL=(\d+)\./.exec(output)?.[1])
  servePids.push(pid)
  return {
    pid,
    type,
    links,
    output: () => output,
    /** The window is closed: the shell hears of it, and passes it on. */
    close: () => shell.kill('SIGKILL'),
    /** The shell is gone first, so nobody tells serve. */
    closeUnheard: () => process.kill(shellPid, 'SIGKILL'),
  }
}

/** As long as one takes that has nothing to do, its terminal closed after whatever was done before. */
async function another() {
  const { pid, close } = await serveInTerminal()
  return async () => {
    close()
    await expect.poll(() => lives(pid), soon).toBe(false)
  }
}

/** A page on the printed link. */
async function openPage(links: () => string[]) {
  const link = new URL(links()[0] ?? '')
  const session = await exchangeLink(link.href)
  vi.stubGlobal('WebSocket', browserLikeWebSocket(link.origin))
  const outcome = await openWsPort(`ws://${link.host}/rpc`, session)
  if (!('port' in outcome)) throw new Error(outcome.failure)
  return { port: outcome.port, api: connectClient(contracts, outcome.port) }
}

describe.runIf(process.platform === 'linux')('serve in a terminal', () => {
  it('stays alive in the background while someone types, and hears Enter once it is in front', async () => {
    const { pid, type, links, output } = await serveInTerminal()
    type('echo typed\n\n\n')
    await expect.poll(output, soon).toMatch(/\ntyped/)
    type('echo and more\n')
    await expect.poll(output, soon).toMatch(/\nand more/)
    expect(stateOf(pid)).toMatch(/^[RSD]$/)
    expect(links()).toHaveLength(1)

    type('fg\n\n')
    await expect.poll(links, soon).toHaveLength(2)

    type('\u001a')
    await expect.poll(() => stateOf(pid), soon).toBe('T')
    type('bg\n')
    await expect.poll(() => stateOf(pid), soon).toMatch(/^[RSD]$/)
    type('echo again\n\n')
    await expect.poll(output, soon).toMatch(/\nagain/)
    type('echo and again\n')
    await expect.poll(output, soon).toMatch(/\nand again/)
    expect(stateOf(pid)).toMatch(/^[RSD]$/)
    expect(links()).toHaveLength(2)
  })

  it.each(['close', 'closeUnheard'] as const)('ends by itself when the terminal closes with nothing to do: %s', async (how) => {
    const serve = await serveInTerminal()
    serve[how]()
    await expect.poll(() => lives(serve.pid), soon).toBe(false)
  })

  it.each(['close', 'closeUnheard'] as const)(
    'without its terminal goes on while a page is open and while a job runs, and then ends by itself: %s',
    async (how) => {
      const [serve, idle, idleToo] = [await serveInTerminal(), await another(), await another()]
      const { port, api } = await openPage(serve.links)
      serve[how]()
      await idle()
      expect((await api.host.info({})).host).toBe('serve')

      const { bin, finish } = slowInstallation()
      await api.host.saveSettings({ ...(await api.host.settings({})), installationFolders: [bin] })
      await api.host.installations({ refresh: true })
      const { jobId } = await api.practice.make({ name: 'main', folder: bin, fill: false })
      port.close()
      await idleToo()
      expect(lives(serve.pid), jobId).toBe(true)
      finish()
      await expect.poll(() => lives(serve.pid), soon).toBe(false)
    },
  )
})
