// Reads what pg_waldump prints of transactions and of the WAL itself: ends of transactions, restore points, switches of timeline.

export type WaldumpEvent =
  | { kind: 'commit' | 'abort'; hi: number; lo: number; length: number; xid: number; time: number }
  | { kind: 'restore point'; hi: number; lo: number; length: number; name: string }
  /** The first record of a timeline: END_OF_RECOVERY, or the checkpoint of a start without hot standby. */
  | { kind: 'switch'; hi: number; lo: number; length: number; from: number; to: number }

export interface WaldumpReader {
  /** Text in latin1: only restore points can hold other letters, and those are looked up in the file. */
  push(text: string): void
  end(): void
}

/** pg_waldump has to run with TZ=UTC: it prints in its own zone. `on` is called in the order of positions. */
export function readWaldump(on: (event: WaldumpEvent) => void): WaldumpReader {
  const toTime = timeReader()
  let rest = ''
  const line = (text: string, from: number, end: number) => {
    const event = readPlainEnd(text, from, end, toTime) ?? readLine(text.slice(from, end), toTime)
    if (event) on(event)
  }
  return {
    push(chunk) {
      const text = rest === '' ? chunk : rest + chunk
      let from = 0
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
        line(text, from, end)
        from = end + 1
      }
      rest = text.slice(from)
    },
    end() {
      if (rest !== '') line(rest, 0, rest.length)
      rest = ''
    },
  }
}

const slashCode = 0x2f
const commaCode = 0x2c

/**
 * COMMIT and ABORT with numbers that fit their columns, which nearly all lines are: read in place, since there are millions.
 * undefined for any other line.
 */
function readPlainEnd(text: string, from: number, end: number, toTime: TimeReader): WaldumpEvent | undefined {
  if (end - from < 140 || text.charCodeAt(from + 6) !== 0x54) return undefined // T
  if (text.charCodeAt(from + 39) !== slashCode || text.charCodeAt(from + 62) !== commaCode) return undefined
  const slash = text.indexOf('/', from + 69)
  const desc = text.indexOf('/', slash + 9) + 9
  if (text.charCodeAt(slash + 9) !== commaCode || text.charCodeAt(desc) !== commaCode) return undefined
  const commit = text.startsWith(', desc: COMMIT ', desc)
  if (!commit && !text.startsWith(', desc: ABORT ', desc)) return undefined
  const time = desc + (commit ? 15 : 14)
  return {
    kind: commit ? 'commit' : 'abort',
    hi: hexIn(text, from + 69, slash),
    lo: hexIn(text, slash + 1, slash + 9),
    length: decimalIn(text, from + 40, from + 46),
    xid: decimalIn(text, from + 52, from + 62),
    time: toTime(text, time),
  }
}

/** Leading spaces count as zeros. */
export function decimalIn(text: string, from: number, end: number): number {
  let value = 0
  for (let at = from; at < end; at += 1) {
    const code = text.charCodeAt(at)
    if (code !== 0x20) value = value * 10 + code - 0x30
  }
  return value
}

function hexIn(text: string, from: number, end: number): number {
  let value = 0
  for (let at = from; at < end; at += 1) {
    const code = text.charCodeAt(at)
    value = value * 16 + (code < 0x40 ? code - 0x30 : code - 0x37)
  }
  return value
}

/** `rmgr: Transaction len (rec/tot):     34/    34, tx:   487, lsn: 0/0163F4C8, prev 0/0163F490, desc: COMMIT 2026-...` */
function readLine(text: string, toTime: TimeReader): WaldumpEvent | undefined {
  if (!text.startsWith('rmgr: ')) return undefined
  const desc = text.indexOf(', desc: ')
  if (desc === -1) return undefined
  const what = desc + 8
  if (text.startsWith('Transaction', 6)) {
    const place = readPlace(text)
    if (!place) return undefined
    if (text.startsWith('COMMIT ', what)) return { kind: 'commit', ...place, time: toTime(text, what + 7) }
    if (text.startsWith('ABORT ', what)) return { kind: 'abort', ...place, time: toTime(text, what + 6) }
    const prepared = /^(COMMIT|ABORT)_PREPARED (\d+): (\S+ \S+ UTC)/.exec(text.slice(what, what + 80))
    if (!prepared) return undefined
    const kind = prepared[1] === 'COMMIT' ? 'commit' : 'abort'
    return { kind, ...place, xid: Number(prepared[2]), time: toTime(prepared[3] ?? '', 0) }
  }
  const first = text.charCodeAt(what)
  if (first !== 0x52 && first !== 0x43 && first !== 0x45) return undefined // R, C, E
  if (text.startsWith('RESTORE_POINT ', what)) {
    const place = readPlace(text)
    return place && { kind: 'restore point', hi: place.hi, lo: place.lo, length: place.length, name: text.slice(what + 14) }
  }
  const timelines = /^(?:CHECKPOINT_SHUTDOWN|END_OF_RECOVERY)\b.*?\btli (\d+); prev tli (\d+);/.exec(text.slice(what))
  if (!timelines || timelines[1] === timelines[2]) return undefined
  const place = readPlace(text)
  if (!place) return undefined
  return {
    kind: 'switch',
    hi: place.hi,
    lo: place.lo,
    length: place.length,
    from: Number(timelines[2]),
    to: Number(timelines[1]),
  }
}

export function readPlace(text: string): { hi: number; lo: number; length: number; xid: number } | undefined {
  const total = text.indexOf('/', text.indexOf('rec/tot') + 7) + 1
  const tx = text.indexOf(', tx: ', total)
  const lsn = text.indexOf(', lsn: ', tx)
  const slash = text.indexOf('/', lsn)
  const end = text.indexOf(',', slash)
  if (total === 0 || tx === -1 || lsn === -1 || slash === -1 || end === -1) return undefined
  return {
    hi: Number.parseInt(text.slice(lsn + 7, slash), 16),
    lo: Number.parseInt(text.slice(slash + 1, end), 16),
    length: Number.parseInt(text.slice(total, tx), 10),
    xid: Number.parseInt(text.slice(tx + 6, lsn), 10),
  }
}

/** Microseconds since 1970 of `2026-11-22 06:24:22.348123 UTC`, which begins at `at`. */
export type TimeReader = (text: string, at: number) => number

/** The minute is kept: neighbours share it. */
export function timeReader(): TimeReader {
  let minute = ''
  let base = 0
  return (text, at) => {
    if (minute === '' || !text.startsWith(minute, at)) {
      minute = text.slice(at, at + 16)
      base = Date.parse(`${minute.replace(' ', 'T')}:00Z`) * 1000
    }
    if (!text.startsWith(' UTC', at + 26)) {
      throw new RangeError(`pg_waldump printed a time that is not in UTC: ${text.slice(at, at + 32)}`)
    }
    return base + decimalIn(text, at + 17, at + 19) * 1_000_000 + decimalIn(text, at + 20, at + 26)
  }
}
