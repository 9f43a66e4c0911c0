// Reads a short request body, or stops as soon as it turns out to be long.
import type { IncomingMessage } from 'node:http'

/** undefined when it is longer than `limit` bytes or was broken off; nothing beyond the limit is kept in memory. */
export async function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined
  const chunks: Buffer[] = []
  let size = 0
  // Leaving a `for await` would destroy the socket before the refusal is sent.
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) {
        request.pause()
        resolve(undefined)
      } else chunks.push(chunk)
    })
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    request.on('error', () => resolve(undefined)) // the sender is gone: there is nobody to answer
  })
}
