// From the options of a request to the rules by which a file's bytes are split and shown.
import { Buffer } from 'node:buffer'
import { TextDecoder } from 'node:util'
import type { RecordRules } from '../../../shared/model/copyRecords'
import { majorOf, type PgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import { delimiterOf, escapeOf, nullOf, quoteOf } from '../../../shared/tools/copyCommand'
import { isAsked, type OptionValues } from '../../../shared/tools/defineTool'

/** A row that is longer is refused before memory goes: the server takes at most 1 GB, and nobody means such a row. */
export const longestRow = 64 * 1024 * 1024

export function rulesFor(options: OptionValues, server: PgVersion): RecordRules {
  const encoding = encodingOf(options)
  const isLead = leads[encoding]
  return {
    format: options.format === 'csv' ? 'csv' : 'text',
    delimiter: delimiterOf(options).charCodeAt(0),
    quote: quoteOf(options).charCodeAt(0),
    escape: escapeOf(options).charCodeAt(0),
    null: Buffer.from(nullOf(options), encoding === 'UTF8' ? 'utf8' : 'latin1'),
    // Since 18 a line with \. alone is data in CSV.
    endMark: options.format !== 'csv' || majorOf(server) < 18,
    endMarkInRow: options.format !== 'csv' && majorOf(server) < 18,
    longest: longestRow,
    ...(isLead ? { isLead } : {}),
  }
}

/** In the server's spelling without case and signs: utf-8 is UTF8. */
export function encodingOf(options: OptionValues): string {
  const asked = typeof options.encoding === 'string' ? options.encoding : ''
  const plain = asked.toUpperCase().replace(/[^A-Z0-9]/g, '')
  return plain === '' || plain === 'UNICODE' ? 'UTF8' : plain
}

const high = (byte: number) => byte >= 0x81 && byte <= 0xfe
const shiftJis = (byte: number) => (byte >= 0x81 && byte <= 0x9f) || (byte >= 0xe0 && byte <= 0xfc)

/** Encodings whose later bytes can look like ASCII. The four bytes of GB18030 count as two pairs. */
const leads: Readonly<Record<string, (byte: number) => boolean>> = {
  SJIS: shiftJis,
  SHIFTJIS: shiftJis,
  SHIFTJIS2004: shiftJis,
  MSKANJI: shiftJis,
  BIG5: high,
  GBK: high,
  WIN936: high,
  UHC: high,
  WIN949: high,
  GB18030: high,
  JOHAB: high,
}

/** PostgreSQL's names in the words of the decoder. */
const labels: Readonly<Record<string, string>> = {
  UTF8: 'utf-8',
  SQLASCII: 'utf-8',
  SJIS: 'shift_jis',
  SHIFTJIS2004: 'shift_jis',
  MSKANJI: 'shift_jis',
  UHC: 'euc-kr',
  WIN949: 'euc-kr',
  EUCJP: 'euc-jp',
  EUCKR: 'euc-kr',
  EUCCN: 'gb18030',
  BIG5: 'big5',
  GBK: 'gbk',
  WIN936: 'gbk',
  GB18030: 'gb18030',
  KOI8R: 'koi8-r',
  KOI8: 'koi8-r',
  KOI8U: 'koi8-u',
  WIN866: 'ibm866',
  WIN874: 'windows-874',
}

const isoNumbers = [1, 2, 3, 4, 9, 10, 13, 14, 15, 16]

/** Bytes that are no text become �. For looking at only: the server decodes what is imported. */
export function decoderFor(options: OptionValues): TextDecoder {
  const encoding = encodingOf(options)
  const windows = /^WIN(125\d)$/.exec(encoding)?.[1]
  const latin = Number(/^LATIN(\d+)$/.exec(encoding)?.[1] ?? 0)
  const iso = /^ISO8859(\d+)$/.exec(encoding)?.[1]
  const latinLabel = latin > 0 ? `iso-8859-${isoNumbers[latin - 1] ?? 1}` : undefined
  const label =
    labels[encoding] ??
    (windows ? `windows-${windows}` : undefined) ??
    latinLabel ??
    (iso ? `iso-8859-${iso}` : undefined) ??
    'utf-8'
  try {
    return new TextDecoder(label, { ignoreBOM: true })
  } catch (error) {
    throw new AppError('bad_input', `Files in ${encoding} can’t be shown here.`, {
      hint: 'Check the name of the encoding.',
      cause: error,
    })
  }
}

export function hasHeader(options: OptionValues): boolean {
  return isAsked(options.header) && options.format !== 'binary'
}
