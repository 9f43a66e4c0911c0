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
  const line = (text: string) => {
    const event = readLine(text, toTime)
    if (event) on(event)
  }
  return {
    push(chunk) {
      const text = rest === '' ? chunk : rest + chunk
      let from = 0
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
        line(text.slice(from, end))
        from = end + 1
      }
      rest = text.slice(from)
    },
    end() {
      if (rest !== '') line(rest)
      rest = ''
    },
  }
}

/** `rmgr: Transaction len (rec/tot):     34/    34, tx:   487, lsn: 0/0163F4C8, prev 0/0163F490, desc: COMMIT 2026-...` */
function readLine(text: string, toTime: (text: string) => number): WaldumpEvent | undefined {
  if (!text.startsWith('rmgr: ')) return undefined
  const desc = text.indexOf(', desc: ')
  if (desc === -1) return undefined
  const what = desc + 8
  if (text.startsWith('Transaction', 6)) {
    const place = readPlace(text)
    if (!place) return undefined
    if (text.startsWith('COMMIT ', what)) return { kind: 'commit', ...place, time: toTime(text.slice(what + 7, what + 37)) }
    if (text.startsWith('ABORT ', what)) return { kind: 'abort', ...place, time: toTime(text.slice(what + 6, what + 36)) }
    const prepared = /^(COMMIT|ABORT)_PREPARED (\d+): (\S+ \S+ UTC)/.exec(text.slice(what, what + 80))
    if (!prepared) return undefined
    const kind = prepared[1] === 'COMMIT' ? 'commit' : 'abort'
    return { kind, ...place, xid: Number(prepared[2]), time: toTime(prepared[3] ?? '') }
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

function readPlace(text: string): { hi: number; lo: number; length: number; xid: number } | undefined {
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

/** Microseconds since 1970 of `2026-11-22 06:24:22.348123 UTC`. The minute is kept: neighbours share it. */
function timeReader(): (text: string) => number {
  let minute = ''
  let base = 0
  return (text) => {
    if (text.slice(0, 16) !== minute) {
      minute = text.slice(0, 16)
      base = Date.parse(`${minute.replace(' ', 'T')}:00Z`) * 1000
    }
    if (!text.endsWith(' UTC')) throw new RangeError(`pg_waldump printed a time that is not in UTC: ${text}`)
    return base + Number(text.slice(17, 19)) * 1_000_000 + Number(text.slice(20, 26))
  }
}
