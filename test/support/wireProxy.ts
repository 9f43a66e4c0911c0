// A TCP proxy in front of a real server, which loses, holds back or changes what goes over the wire at the moment that a test means.
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import net from 'node:net'

/** What becomes of a COMMIT. `gone`: as `unheard`, and from then on nobody gets through. */
export type CommitFate = 'pass' | 'unsent' | 'unheard' | 'silent' | 'gone'

export interface WireProxy {
  port: number
  fate: CommitFate
  /** COMMITs that met their fate. */
  met: number
  /** Changed on its way to the server, byte for byte. */
  replace: { what: string; by: string } | null
  close(): Promise<void>
}

/** As the simple protocol sends it: Q, its length, the text and a zero. */
const commitMessage = Buffer.from('Q\0\0\0\x0bCOMMIT\0', 'latin1')

export async function wireProxy(serverPort: number): Promise<WireProxy> {
  const sockets = new Set<net.Socket>()
  const proxy: WireProxy = { port: 0, fate: 'pass', met: 0, replace: null, close }
  const server = net.createServer((client) => {
    if (proxy.fate === 'gone' && proxy.met > 0) {
      client.destroy()
      return
    }
    const upstream = net.connect(serverPort, '127.0.0.1')
    let deaf = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        // Who is kept waiting keeps the connection.
        if (socket === client || !deaf) for (const other of [client, upstream]) other.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => {
      if (proxy.fate !== 'pass' && chunk.includes(commitMessage)) {
        proxy.met += 1
        if (proxy.fate === 'unsent') {
          upstream.destroy()
          return
        }
        deaf = true
      }
      upstream.write(changed(chunk))
    })
    upstream.on('data', (chunk: Buffer) => {
      if (!deaf) client.write(chunk)
      else if (proxy.fate !== 'silent') client.destroy()
    })
  })
  function changed(chunk: Buffer): Buffer {
    if (proxy.replace === null) return chunk
    const at = chunk.indexOf(proxy.replace.what)
    if (at < 0) return chunk
    const copy = Buffer.from(chunk)
    copy.write(proxy.replace.by, at)
    return copy
  }
  async function close(): Promise<void> {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  proxy.port = address.port
  return proxy
}
