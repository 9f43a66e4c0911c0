// CRC-32C (Castagnoli), the checksum of backup manifests, eight bytes at a time: Node's zlib has another polynomial only.

const polynomial = 0x82f63b78

function stepByBits(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  return crc >>> 0
}

/** The table of 256 steps, then the same with one to seven bytes more behind it, in one array for speed. */
const table = makeTable()

function makeTable(): Int32Array {
  const made = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = stepByBits(byte)
    made[byte] = crc
    for (let more = 1; more < 8; more += 1) {
      crc = (crc >>> 8) ^ stepByBits(crc & 0xff)
      made[more * 256 + byte] = crc
    }
  }
  return made
}

/** Goes on from `crc`, which is 0 at the beginning. Unsigned. */
export function crc32c(data: Uint8Array, crc = 0): number {
  const t = table
  let state = ~crc
  let at = 0
  const whole = data.length - (data.length % 8)
  for (; at < whole; at += 8) {
    state ^= byte(data, at) | (byte(data, at + 1) << 8) | (byte(data, at + 2) << 16) | (byte(data, at + 3) << 24)
    state =
      step(t, 1792 + (state & 0xff)) ^
      step(t, 1536 + ((state >>> 8) & 0xff)) ^
      step(t, 1280 + ((state >>> 16) & 0xff)) ^
      step(t, 1024 + (state >>> 24)) ^
      step(t, 768 + byte(data, at + 4)) ^
      step(t, 512 + byte(data, at + 5)) ^
      step(t, 256 + byte(data, at + 6)) ^
      step(t, byte(data, at + 7))
  }
  for (; at < data.length; at += 1) state = (state >>> 8) ^ step(t, (state ^ byte(data, at)) & 0xff)
  return ~state >>> 0
}

function byte(data: Uint8Array, at: number): number {
  return data[at] ?? 0
}

function step(steps: Int32Array, at: number): number {
  return steps[at] ?? 0
}

/** As a manifest has it: the four bytes as they lie in the server's memory, the least first on every platform that counts. */
export function manifestCrc(crc: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(crc)
  return bytes.toString('hex')
}
