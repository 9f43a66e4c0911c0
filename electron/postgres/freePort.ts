// Finds a TCP port of 127.0.0.1 that nobody listens on, by binding it for a moment.
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Another process may take the port right after: whoever starts a server on it has to cope with that. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else reject(error)
    })
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

/**
 * Anywhere in a range: two applications that look at the same moment, for servers that start only later, then seldom get the same.
 * Ports `from` to `from + count - 1`, or any that the system gives.
 */
export function findPortAmong(from: number, count: number, except: ReadonlySet<number> = new Set()): Promise<number> {
  const half = Math.ceil(count / 2)
  return findFreePort(from + randomInt(half), half, except)
}

/** The first free one of `count` ports from `from` on, else any that the system gives. */
export async function findFreePort(from: number, count: number, except: ReadonlySet<number> = new Set()): Promise<number> {
  for (let port = from; port < from + count; port += 1) {
    if (!except.has(port) && (await isPortFree(port))) return port
  }
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => {
        if (typeof address === 'object' && address) resolve(address.port)
        else reject(new Error('the system gave no port'))
      })
    })
  })
}
