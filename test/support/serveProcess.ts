// Starts the built headless host as a process of its own, as a person would, and talks to it over its real WebSocket.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import WebSocket from 'ws'
import { contracts } from '../../shared/contracts'
import { type Clients, connectClient } from '../../shared/rpc/client'
import type { Port } from '../../shared/rpc/port'
import { sessionAnswer, sessionHeader, sessionPath, socketPath } from '../../shared/rpc/session'

export const serveBundle = fileURLToPath(new URL('../../dist/serve.mjs', import.meta.url))

export interface ServeProcess {
  process: ChildProcess
  pid: number
  /** With the token in its fragment: good for one page, once. */
  url: string
  origin: string
  /** Everything it printed. */
  output(): string
  /** From spawn to the ready line. */
  readyMs: number
  /** SIGTERM, then waits; SIGKILL after 20 s. */
  stop(): Promise<void>
  kill(): Promise<void>
}

export interface RemoteCore {
  api: Clients<typeof contracts>
  session: string
  close(): void
}

/** `dataFolder` is kept; whoever made it removes it. */
export async function startServe(options: {
  dataFolder: string
  env?: Record<string, string>
  args?: string[]
}): Promise<ServeProcess> {
  const started = performance.now()
  const child = spawn(process.execPath, [serveBundle, '--port=0', '--no-open', ...(options.args ?? [])], {
    env: { ...process.env, WALKBACK_DATA: options.dataFolder, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let output = ''
  const ready = new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString()
      const url = /(http:\/\/127\.0\.0\.1:\d+\/#token=\S+)/.exec(output)?.[1]
      if (url) resolve(url)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', (code, signal) => reject(new Error(`serve ended before it was ready (${code ?? signal}):\n${output}`)))
    child.once('error', reject)
  })
  const url = await ready
  const readyMs = performance.now() - started
  const pid = child.pid
  if (pid === undefined) throw new Error('serve has no process id')
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
    await exited
    clearTimeout(timer)
  }
  return {
    process: child,
    pid,
    url,
    origin: new URL(url).origin,
    output: () => output,
    readyMs,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

/** Exchanges the printed token and opens the typed client, as the page does. */
export async function connectServe(serve: ServeProcess): Promise<RemoteCore> {
  const token = new URL(serve.url).hash.slice('#token='.length)
  const response = await fetch(`${serve.origin}${sessionPath}`, {
    method: 'POST',
    headers: { origin: serve.origin, 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  })
  if (!response.ok) throw new Error(`the session was refused: ${response.status} ${await response.text()}`)
  const { session } = sessionAnswer.parse(await response.json())
  const socket = new WebSocket(`${serve.origin.replace('http', 'ws')}${socketPath}`, {
    origin: serve.origin,
    headers: { [sessionHeader]: session },
    maxPayload: 64 * 1024 * 1024,
  })
  await once(socket, 'open')
  socket.send(JSON.stringify({ session }))
  await once(socket, 'message')
  const closeListeners: ((reason?: string) => void)[] = []
  socket.on('close', (_code, reason) => {
    for (const listener of closeListeners) listener(reason.toString())
  })
  const port: Port = {
    send: (text) => socket.send(text),
    onMessage: (listener) => {
      socket.on('message', (data) => listener(data.toString()))
    },
    onClose: (listener) => {
      closeListeners.push(listener)
    },
    close: () => socket.close(),
  }
  return { api: connectClient(contracts, port), session, close: () => socket.close() }
}

/** Waits until the job has ended and returns its last snapshot. */
export async function jobEnd(api: RemoteCore['api'], jobId: string, timeoutMs = 120_000) {
  const until = Date.now() + timeoutMs
  for (;;) {
    const job = await api.jobs.get({ jobId })
    if (job.endedAt) return job
    if (Date.now() > until) throw new Error(`job ${jobId} still ${job.state} after ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** For folders that a practice cluster may live in: stops nothing, only removes. */
export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 })
}
