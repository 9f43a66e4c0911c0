// serve in a real terminal with job control: Enter in the foreground, never stopped for reading in the background, and
// what happens when the terminal closes.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openWsPort } from '../../renderer/rpc/wsPort'
import { contracts } from '../../shared/contracts'
import { connectClient } from '../../shared/rpc/client'
import { serveBundle } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { browserLikeWebSocket, exchangeLink } from './portPairs'
import { slowInstallation } from './slowInstallation'

let terminal: ChildProcess | undefined
let servePid: number | undefined

afterEach(() => {
  if (servePid !== undefined && lives(servePid)) process.kill(servePid, 'SIGKILL')
  terminal?.kill('SIGKILL')
  servePid = undefined
  vi.unstubAllGlobals()
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** R, S: it lives; T: the terminal has stopped it; Z: it has ended and nobody has asked how. */
function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
}

const lives = (pid: number) => existsSync(`/proc/${pid}`) && stateOf(pid) !== 'Z'

/** serve in the background of an interactive shell that has a terminal of its own. */
async function serveInTerminal() {
  const shell = spawn('script', ['-q', '-c', 'bash --norc --noediting -i', '/dev/null'], {
    env: { ...process.env, WALKBACK_DATA: tempFolder('terminal'), HISTFILE: '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  terminal = shell
  let output = ''
  shell.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const type = (text: string) => shell.stdin.write(text)
  const links = () => output.match(/http:\/\/\S+#token=[\w-]{43}/g) ?? []
  // What is typed before the shell has set its terminal up is thrown away.
  await expect.poll(() => output, { timeout: 15_000 }).toMatch(/[#$] $/)
  type(`${process.execPath} ${serveBundle} & echo PID=$!.\n`)
  await expect.poll(() => output, { timeout: 15_000 }).toMatch(/#token=[\w-]{43}/)
  const pid = Number(/PID=(\d+)\./.exec(output)?.[1])
  servePid = pid
  return { pid, type, links, output: () => output, close: () => shell.kill('SIGKILL') }
}

describe.runIf(process.platform === 'linux')('serve in a terminal', () => {
  it('stays alive in the background while someone types, and hears Enter once it is in front', async () => {
    const { pid, type, links, output } = await serveInTerminal()
    type('echo typed\n\n\n')
    await expect.poll(output).toMatch(/\ntyped/)
    await pause(300)
    expect(stateOf(pid)).toBe('S')
    expect(links()).toHaveLength(1)

    type('fg\n')
    await pause(1500)
    type('\n')
    await expect.poll(links, { timeout: 5000 }).toHaveLength(2)

    type('\u001a')
    await expect.poll(() => stateOf(pid)).toBe('T')
    type('bg\n')
    await expect.poll(() => stateOf(pid)).toBe('S')
    type('echo again\n\n')
    await expect.poll(output).toMatch(/\nagain/)
    await pause(300)
    expect(stateOf(pid)).toBe('S')
    expect(links()).toHaveLength(2)
  })

  it('ends by itself when the terminal closes with nothing to do', async () => {
    const { pid, close } = await serveInTerminal()
    close()
    await expect.poll(() => lives(pid), { timeout: 10_000 }).toBe(false)
  })

  it('without its terminal goes on while a page is open and while a job runs, and then ends by itself', async () => {
    const { pid, links, close } = await serveInTerminal()
    const link = new URL(links()[0] ?? '')
    const session = await exchangeLink(link.href)
    vi.stubGlobal('WebSocket', browserLikeWebSocket(link.origin))
    const outcome = await openWsPort(`ws://${link.host}/rpc`, session)
    if (!('port' in outcome)) throw new Error(outcome.failure)
    const api = connectClient(contracts, outcome.port)
    close()
    await pause(2500)
    expect((await api.host.info({})).host).toBe('serve')

    const bin = slowInstallation({ seconds: 5 })
    await api.host.saveSettings({ ...(await api.host.settings({})), installationFolders: [bin] })
    await api.host.installations({ refresh: true })
    await api.practice.make({ name: 'main', folder: bin, fill: false })
    outcome.port.close()
    await pause(2500)
    expect(lives(pid)).toBe(true)
    await expect.poll(() => lives(pid), { timeout: 20_000 }).toBe(false)
  })
})
