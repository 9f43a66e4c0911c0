// The character encodings that PostgreSQL converts from, by the names of client_encoding, and how the runtime calls them.

export interface ClientEncoding {
  name: string
  label: string
  /** For TextDecoder; '' where it has none. */
  decoder: string
}

export const clientEncodings: readonly ClientEncoding[] = [
  { name: 'UTF8', label: 'Unicode', decoder: 'utf-8' },
  { name: 'LATIN1', label: 'Western European, ISO 8859-1', decoder: 'iso-8859-1' },
  { name: 'LATIN9', label: 'Western European with the euro, ISO 8859-15', decoder: 'iso-8859-15' },
  { name: 'WIN1252', label: 'Western European, Windows', decoder: 'windows-1252' },
  { name: 'LATIN2', label: 'Central European, ISO 8859-2', decoder: 'iso-8859-2' },
  { name: 'WIN1250', label: 'Central European, Windows', decoder: 'windows-1250' },
  { name: 'LATIN4', label: 'Northern European, ISO 8859-4', decoder: 'iso-8859-4' },
  { name: 'LATIN7', label: 'Baltic, ISO 8859-13', decoder: 'iso-8859-13' },
  { name: 'WIN1257', label: 'Baltic, Windows', decoder: 'windows-1257' },
  { name: 'WIN1251', label: 'Cyrillic, Windows', decoder: 'windows-1251' },
  { name: 'KOI8R', label: 'Cyrillic, Russian', decoder: 'koi8-r' },
  { name: 'KOI8U', label: 'Cyrillic, Ukrainian', decoder: 'koi8-u' },
  { name: 'ISO_8859_5', label: 'Cyrillic, ISO 8859-5', decoder: 'iso-8859-5' },
  { name: 'WIN866', label: 'Cyrillic, DOS', decoder: 'ibm866' },
  { name: 'ISO_8859_7', label: 'Greek, ISO 8859-7', decoder: 'iso-8859-7' },
  { name: 'WIN1253', label: 'Greek, Windows', decoder: 'windows-1253' },
  { name: 'LATIN5', label: 'Turkish, ISO 8859-9', decoder: 'windows-1254' },
  { name: 'WIN1254', label: 'Turkish, Windows', decoder: 'windows-1254' },
  { name: 'ISO_8859_8', label: 'Hebrew, ISO 8859-8', decoder: 'iso-8859-8' },
  { name: 'WIN1255', label: 'Hebrew, Windows', decoder: 'windows-1255' },
  { name: 'ISO_8859_6', label: 'Arabic, ISO 8859-6', decoder: 'iso-8859-6' },
  { name: 'WIN1256', label: 'Arabic, Windows', decoder: 'windows-1256' },
  { name: 'WIN1258', label: 'Vietnamese, Windows', decoder: 'windows-1258' },
  { name: 'WIN874', label: 'Thai, Windows', decoder: 'windows-874' },
  { name: 'EUC_JP', label: 'Japanese, EUC', decoder: 'euc-jp' },
  { name: 'SJIS', label: 'Japanese, Shift JIS', decoder: 'shift_jis' },
  { name: 'EUC_KR', label: 'Korean, EUC', decoder: 'euc-kr' },
  { name: 'UHC', label: 'Korean, Windows', decoder: 'euc-kr' },
  { name: 'EUC_CN', label: 'Simplified Chinese, EUC', decoder: 'gbk' },
  { name: 'GBK', label: 'Simplified Chinese, Windows', decoder: 'gbk' },
  { name: 'GB18030', label: 'Chinese, national standard', decoder: 'gb18030' },
  { name: 'BIG5', label: 'Traditional Chinese', decoder: 'big5' },
  { name: 'SQL_ASCII', label: 'bytes as they are, never converted', decoder: '' },
]

const aliases: Readonly<Record<string, string>> = {
  UNICODE: 'UTF8',
  WIN: 'WIN1251',
  ALT: 'WIN866',
  ABC: 'WIN1258',
  TCVN: 'WIN1258',
  VSCII: 'WIN1258',
  TCVN5712: 'WIN1258',
  KOI8: 'KOI8R',
  ISO88591: 'LATIN1',
  ISO88592: 'LATIN2',
  ISO88594: 'LATIN4',
  ISO88599: 'LATIN5',
  ISO885913: 'LATIN7',
  ISO885915: 'LATIN9',
  SHIFTJIS: 'SJIS',
  MSKANJI: 'SJIS',
  WIN932: 'SJIS',
  WINDOWS932: 'SJIS',
  WIN936: 'GBK',
  WINDOWS936: 'GBK',
  WIN949: 'UHC',
  WINDOWS949: 'UHC',
  WIN950: 'BIG5',
  WINDOWS950: 'BIG5',
}

/** As PostgreSQL reads a name: letters and digits alone count (clean_encoding_name in encnames.c). undefined: not in the list. */
export function findClientEncoding(name: string): ClientEncoding | undefined {
  const clean = (text: string) =>
    text
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]/g, '')
      .replace(/^WINDOWS(?=\d)/, 'WIN')
  const wanted = aliases[clean(name)] ?? name
  return clientEncodings.find((encoding) => clean(encoding.name) === clean(wanted))
}
