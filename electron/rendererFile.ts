// Finds a file of the built page for a request's path: inside the folder, of a known kind, or nothing.
import { readFile, realpath } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { noncePlaceholder } from './contentPolicy'

const kinds: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}

/**
 * What the bundler names files: no percent signs, no backslashes, no segment that begins with a dot. Whatever would need
 * decoding is not one of ours, so nothing is ever decoded.
 */
const plainPath = /^(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/

export interface RendererFile {
  type: string
  content: Buffer
  /** Its name holds a hash of its content, so it never changes. */
  immutable: boolean
}

/** `path` is the request's path as it was sent, with neither query nor decoding. undefined: there is no such file. */
export async function readRendererFile(folder: string, path: string, nonce: string): Promise<RendererFile | undefined> {
  const wanted = path === '/' ? '/index.html' : path
  const type = kinds[extname(wanted)]
  if (type === undefined || wanted.length > 500 || !plainPath.test(wanted)) return undefined
  const root = await realpath(folder)
  let content: Buffer
  try {
    const file = await realpath(join(root, ...wanted.split('/').filter((part) => part !== '')))
    // A link inside the folder must not lead out of it.
    if (!file.startsWith(root + sep)) return undefined
    content = await readFile(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP'].includes(String(error.code)))
      return undefined
    throw error
  }
  if (extname(wanted) !== '.html') return { type, content, immutable: wanted.startsWith('/assets/') }
  return { type, content: Buffer.from(content.toString('utf8').replaceAll(noncePlaceholder, () => nonce)), immutable: false }
}
