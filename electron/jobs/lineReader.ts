// Reads whole lines of a file forward from any byte, in pieces.
import { open } from 'node:fs/promises'

export const newline = 10
const chunkBytes = 1024 * 1024
const firstChunkBytes = 64 * 1024

/** Every whole line from `start` on, in pieces; other work gets its turn in between. */
export async function scanLines(file: string, start: number, onLine: (offset: number, line: Buffer) => void): Promise<void> {
  const reader = await LineReader.open(file)
  reader.seek(start)
  try {
    for (;;) {
      const offset = reader.position
      const line = reader.buffered() ?? (await reader.next())
      if (line === null) return
      onLine(offset, line)
    }
  } finally {
    await reader.close()
  }
}

export class LineReader {
  readonly #handle: Awaited<ReturnType<typeof open>>
  #chunk = Buffer.alloc(0)
  #chunkStart = 0
  #at = 0

  private constructor(handle: Awaited<ReturnType<typeof open>>) {
    this.#handle = handle
  }

  static async open(file: string): Promise<LineReader> {
    return new LineReader(await open(file, 'r'))
  }

  get position(): number {
    return this.#chunkStart + this.#at
  }

  seek(offset: number): void {
    if (offset >= this.#chunkStart && offset <= this.#chunkStart + this.#chunk.length) {
      this.#at = offset - this.#chunkStart
      return
    }
    this.#chunk = Buffer.alloc(0)
    this.#chunkStart = offset
    this.#at = 0
  }

  /** The next line when it is in memory already. */
  buffered(): Buffer | null {
    const end = this.#chunk.indexOf(newline, this.#at)
    if (end < 0) return null
    const line = this.#chunk.subarray(this.#at, end)
    this.#at = end + 1
    return line
  }

  /** Many whole lines, ends included; null at the end. */
  async nextBlock(): Promise<Buffer | null> {
    const first = await this.next()
    if (!first) return null
    const end = this.#chunk.lastIndexOf(newline) + 1
    const block = this.#chunk.subarray(this.#at - first.length - 1, end)
    this.#at = end
    return block
  }

  /** null at the end, and for a last line without its end. */
  async next(): Promise<Buffer | null> {
    for (;;) {
      const line = this.buffered()
      if (line) return line
      const rest = this.#chunk.subarray(this.#at)
      const chunk = Buffer.allocUnsafe(rest.length + (this.#chunk.length === 0 ? firstChunkBytes : chunkBytes))
      rest.copy(chunk)
      const start = this.position
      const { bytesRead } = await this.#handle.read(chunk, rest.length, chunk.length - rest.length, start + rest.length)
      if (bytesRead === 0) return null
      this.#chunk = chunk.subarray(0, rest.length + bytesRead)
      this.#chunkStart = start
      this.#at = 0
    }
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
