// Whether a server's host is this machine, so that its files and disks can be looked at from here.
import { statfs } from 'node:fs/promises'
import { hostname } from 'node:os'

/** '' and folders are sockets; a forwarded port on 127.0.0.1 looks the same, which its reader must bear. */
export function isThisMachine(host: string): boolean {
  return host === '' || /^[/@]/.test(host) || ['localhost', '127.0.0.1', '::1', hostname()].includes(host)
}

/** Bytes free where the server keeps its data; null where that can't be seen from here. */
export async function freeOnServer(dataDirectory: string | null, host: string): Promise<bigint | null> {
  if (dataDirectory === null || !isThisMachine(host)) return null
  try {
    const found = await statfs(dataDirectory, { bigint: true })
    return found.bavail * found.bsize
  } catch {
    return null // a folder of the server's account that ours may not enter, or one of another container
  }
}
