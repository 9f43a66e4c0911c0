// Splits one row of COPY's CSV format into values, as the server does (CopyReadAttributesCSV).
import { type CopyField, CopyFormatError, type CopyRules, sameBytes } from './copyText'

/**
 * `row` is without its line end and may hold line breaks inside quotes. A value that was quoted anywhere is never NULL.
 * Throws CopyFormatError for a quote without its end.
 */
export function splitCsvRow(row: Uint8Array, { delimiter, quote, escape, null: nullMark }: CopyRules): CopyField[] {
  const fields: CopyField[] = []
  const out = new Uint8Array(row.length)
  let at = 0
  for (;;) {
    const from = at
    let to = row.length
    let length = 0
    let quoted = false
    let inside = false
    let found = false
    while (at < row.length) {
      const byte = row[at] ?? 0
      at += 1
      if (!inside && byte === delimiter) {
        to = at - 1
        found = true
        break
      }
      if (!inside && byte === quote) {
        inside = true
        quoted = true
        continue
      }
      if (inside && byte === escape && at < row.length) {
        const next = row[at] ?? 0
        if (next === escape || next === quote) {
          out[length] = next
          length += 1
          at += 1
          continue
        }
      }
      if (inside && byte === quote) {
        inside = false
        continue
      }
      out[length] = byte
      length += 1
    }
    if (inside) throw new CopyFormatError('a quote is opened and never closed')
    fields.push({ from, to, value: !quoted && sameBytes(row, from, to, nullMark) ? null : out.slice(0, length) })
    if (!found) return fields
  }
}
