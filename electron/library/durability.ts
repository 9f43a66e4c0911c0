// Makes names and contents last through a power cut.
import { open } from 'node:fs/promises'

/** Makes new, renamed and removed names in a folder last. Windows can't open folders and needs no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
