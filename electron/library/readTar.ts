// Reads a tar as it streams by, member by member, as PostgreSQL's programs write it (ustar; sizes over 8 GB in base 256).
import { AppError } from '../../shared/rpc/appError'

const block = 512

export interface TarMember {
  name: string
  size: number
  kind: 'file' | 'folder' | 'link'
  /** Of a link. */
  target: string
}

export interface TarSink {
  begin(member: TarMember): void | Promise<void>
  /** A part of the contents of the member that began last; the buffer is used again afterwards. */
  data(chunk: Buffer): void | Promise<void>
  end(): void | Promise<void>
}

/** Feed the bytes in order, then call `finish`, which throws AppError when the tar does not end as one does. */
export interface TarReader {
  write(chunk: Buffer): Promise<void>
  finish(): void
}

/** `name` is the tar's own, for errors. Throws AppError tool_failed for what is no tar or is damaged. */
export function readTar(name: string, sink: TarSink): TarReader {
  let header = Buffer.alloc(0)
  let left = 0
  let padding = 0
  let zeroBlocks = 0
  const damaged = (why: string) =>
    new AppError('tool_failed', `${name} can't be read to its end: ${why}.`, {
      hint: 'Do not rely on it: take the backup again.',
    })

  const open = async (bytes: Buffer) => {
    if (bytes.every((byte) => byte === 0)) {
      zeroBlocks += 1
      return
    }
    if (zeroBlocks > 0) throw damaged('there is something after its end')
    const member = readHeader(bytes)
    if (!member) throw damaged('a header in it is damaged')
    await sink.begin(member)
    left = member.kind === 'file' ? member.size : 0
    padding = (block - (left % block)) % block
    if (left === 0) await sink.end()
  }

  return {
    async write(chunk) {
      let at = 0
      while (at < chunk.length) {
        if (left > 0) {
          const part = chunk.subarray(at, at + left)
          await sink.data(part)
          left -= part.length
          at += part.length
          if (left === 0) await sink.end()
        } else if (padding > 0) {
          const part = Math.min(padding, chunk.length - at)
          padding -= part
          at += part
        } else {
          const part = chunk.subarray(at, at + block - header.length)
          header = header.length === 0 ? Buffer.from(part) : Buffer.concat([header, part])
          at += part.length
          if (header.length < block) continue
          const whole = header
          header = Buffer.alloc(0)
          await open(whole)
        }
      }
    },
    finish() {
      if (left > 0 || padding > 0 || header.length > 0) throw damaged('it is cut off')
      // Two empty blocks end a tar; without them nobody knows whether more was to come.
      if (zeroBlocks < 2) throw damaged('its end is missing')
    },
  }
}

function readHeader(bytes: Buffer): TarMember | undefined {
  const stored = readNumber(bytes, 148, 8)
  let sum = 8 * 0x20
  for (let at = 0; at < block; at += 1) if (at < 148 || at >= 156) sum += bytes[at] ?? 0
  if (stored !== sum) return undefined
  const size = readNumber(bytes, 124, 12)
  if (size === undefined) return undefined
  const type = String.fromCharCode(bytes[156] ?? 0)
  const kind = type === '5' ? 'folder' : type === '2' ? 'link' : type === '0' || type === '\0' ? 'file' : undefined
  if (kind === undefined) return undefined
  const prefix = text(bytes, 345, 155)
  const own = text(bytes, 0, 100).replace(/\/$/, '')
  return { name: prefix === '' ? own : `${prefix}/${own}`, size, kind, target: text(bytes, 157, 100) }
}

function text(bytes: Buffer, at: number, length: number): string {
  const field = bytes.subarray(at, at + length)
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? length : end).toString('utf8')
}

/** Octal text, or a big-endian number marked by the highest bit. undefined when it is neither. */
function readNumber(bytes: Buffer, at: number, length: number): number | undefined {
  const field = bytes.subarray(at, at + length)
  if (((field[0] ?? 0) & 0x80) !== 0) {
    const value = BigInt(`0x${field.subarray(1).toString('hex')}`)
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined
  }
  const digits = text(field, 0, length).trim()
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined
}
