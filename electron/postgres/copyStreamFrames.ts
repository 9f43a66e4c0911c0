// The few messages of the frontend/backend protocol that COPY needs and that the driver has no words for.
import { Buffer } from 'node:buffer'

function frame(type: string, ...parts: Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4)
  const head = Buffer.alloc(5)
  head.write(type, 0, 'latin1')
  head.writeInt32BE(length, 1)
  return Buffer.concat([head, ...parts])
}

const zero = Buffer.alloc(1)
const none = Buffer.alloc(2)

export const sync = frame('S')
export const flush = frame('H')
export const copyDone = frame('c')

/** One statement: the server refuses text with two of them in a Parse message, whatever it is made of. */
export function parse(sql: string): Buffer {
  if (sql.includes('\0')) throw new RangeError('SQL can’t hold a NUL byte')
  return frame('P', zero, Buffer.from(sql), zero, none)
}

export const describe = frame('D', Buffer.from('S'), zero)

/** No parameters; results as text. */
export const bindAndExecute = Buffer.concat([frame('B', zero, zero, none, none, none), frame('E', zero, Buffer.alloc(4))])

export function copyFail(reason: string): Buffer {
  return frame('f', Buffer.from(reason.replaceAll('\0', '')), zero)
}

export function copyDataHead(bytes: number): Buffer {
  const head = Buffer.allocUnsafe(5)
  head[0] = 0x64
  head.writeInt32BE(bytes + 4, 1)
  return head
}
