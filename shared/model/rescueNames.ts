// Names of rescued and of kept tables: the table's own with the moment behind it, never longer than PostgreSQL takes.

/** NAMEDATALEN is 64, one byte of which ends the text: PostgreSQL cuts longer names without an error. */
export const longestName = 63

/** In UTF-8. */
export function byteLength(text: string): number {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}

/** Whole characters only, as PostgreSQL cuts (pg_mbcliplen). */
export function cutToBytes(text: string, most: number): string {
  let cut = ''
  let bytes = 0
  for (const character of text) {
    bytes += byteLength(character)
    if (bytes > most) break
    cut += character
  }
  return cut
}

/** `2026_11_22_1405` on a clock of that zone ('UTC' or a name of the IANA database). Throws RangeError for another. */
export function momentSuffix(time: Date, zone: string): string {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    },
  })
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]))
  return `${parts.year}_${parts.month}_${parts.day}_${parts.hour}${parts.minute}`
}

/** The table's name gives way, never the suffix. With a number from 2 on where the name is taken. */
export function freeName(table: string, suffix: string, taken: ReadonlySet<string>): string {
  for (let count = 1; ; count += 1) {
    const end = count === 1 ? `_${suffix}` : `_${suffix}_${count}`
    const name = cutToBytes(table, longestName - byteLength(end)) + end
    if (!taken.has(name)) return name
  }
}

/** What is wrong with a name that was typed, in a sentence; '' when nothing is. */
export function nameProblem(name: string): string {
  if (name === '') return 'The new table needs a name.'
  const bytes = byteLength(name)
  return bytes > longestName ? `The name is ${bytes} bytes long; PostgreSQL would cut it to ${longestName}.` : ''
}
