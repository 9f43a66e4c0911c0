// Files of two columns and the rows in them, as PostgreSQL reads them: proved against real servers by copyEdges.test.ts.
import type { OptionValues } from '../../../shared/tools/defineTool'

export interface GoldenFile {
  name: string
  options: OptionValues
  /** As UTF-8. */
  file: string
  /** null: the server refuses the file. */
  rows: (string | null)[][] | null
  /** What servers up to 17 read. */
  rowsBefore18?: (string | null)[][]
}

const csv = { format: 'csv' } as const
const text = { format: 'text' } as const

export const goldenFiles: readonly GoldenFile[] = [
  {
    name: 'CSV: nothing is NULL, two quotes are the empty string',
    options: csv,
    file: ',""\n"",\n',
    rows: [
      [null, ''],
      ['', null],
    ],
  },
  {
    name: 'CSV: the last line without its end',
    options: csv,
    file: 'a,b\nc,d',
    rows: [
      ['a', 'b'],
      ['c', 'd'],
    ],
  },
  { name: 'CSV: no file', options: csv, file: '', rows: [] },
  { name: 'CSV: an empty line is a row of one column', options: csv, file: 'a,b\n\nc,d\n', rows: null },
  { name: 'CSV: quotes in quotes', options: csv, file: '"a ""b"" c","""" \n', rows: [['a "b" c', '" ']] },
  { name: 'CSV: quotes in the middle of a value', options: csv, file: 'a"b,c"d,e\n', rows: [['ab,cd', 'e']] },
  { name: 'CSV: a quoted delimiter', options: csv, file: '"a,b",c\n', rows: [['a,b', 'c']] },
  { name: 'CSV: spaces belong to the value', options: csv, file: ' a , b \n', rows: [[' a ', ' b ']] },
  {
    name: 'CSV: line breaks in quotes',
    options: csv,
    file: '"a\nb","c\r\nd"\ne,f\n',
    rows: [
      ['a\nb', 'c\r\nd'],
      ['e', 'f'],
    ],
  },
  {
    name: 'CSV: lines that end in CRLF',
    options: csv,
    file: 'a,b\r\n"c\nd",e\r\n',
    rows: [
      ['a', 'b'],
      ['c\nd', 'e'],
    ],
  },
  {
    name: 'CSV: lines that end in CR',
    options: csv,
    file: 'a,b\r"c\rd",e\r',
    rows: [
      ['a', 'b'],
      ['c\rd', 'e'],
    ],
  },
  { name: 'CSV: a lone CR where lines end in LF', options: csv, file: 'a,b\nc\r,d\n', rows: null },
  { name: 'CSV: a lone LF where lines end in CRLF', options: csv, file: 'a,b\r\nc,d\n', rows: null },
  { name: 'CSV: a quote that is never closed', options: csv, file: 'a,b\n"c,d\n', rows: null },
  { name: 'CSV: too few columns', options: csv, file: 'a,b\nc\n', rows: null },
  { name: 'CSV: too many columns', options: csv, file: 'a,b,c\n', rows: null },
  {
    name: 'CSV: an escape of its own',
    options: { ...csv, escape: '\\' },
    file: '"a\\"b","c\\\\d"\n\\,e\n',
    rows: [
      ['a"b', 'c\\d'],
      ['\\', 'e'],
    ],
  },
  {
    name: 'CSV: an escape before anything else stands for itself',
    options: { ...csv, escape: '\\' },
    file: '"a\\n",b\n',
    rows: [['a\\n', 'b']],
  },
  { name: 'CSV: a quote of its own', options: { ...csv, quote: "'" }, file: `'a,''b',"c"\n`, rows: [["a,'b", '"c"']] },
  {
    name: 'CSV: a text for NULL, which quotes take its meaning from',
    options: { ...csv, null: 'NULL' },
    file: 'NULL,"NULL"\n,""\n',
    rows: [
      [null, 'NULL'],
      ['', ''],
    ],
  },
  { name: 'CSV: \\. alone in a line', options: csv, file: 'a,b\n\\.\nc,d\n', rows: null, rowsBefore18: [['a', 'b']] },
  { name: 'CSV: \\. in quotes is data', options: csv, file: '"\\.",b\n', rows: [['\\.', 'b']] },
  { name: 'CSV: a byte order mark within a file is data', options: csv, file: 'a,\ufeffb\n', rows: [['a', '\ufeffb']] },
  { name: 'CSV: a NUL byte', options: csv, file: 'a,b\0c\n', rows: null },
  {
    name: 'CSV: letters of several bytes',
    options: csv,
    file: 'é,"日本\n語"\n🐘,ß\n',
    rows: [
      ['é', '日本\n語'],
      ['🐘', 'ß'],
    ],
  },
  {
    name: 'text: \\N is NULL, nothing is the empty string',
    options: text,
    file: '\\N\t\n\t\\N\n',
    rows: [
      [null, ''],
      ['', null],
    ],
  },
  { name: 'text: NULL is told before backslashes are read', options: text, file: '\\\\N\tx\\N\n', rows: [['\\N', 'xN']] },
  {
    name: 'text: letters behind a backslash',
    options: text,
    file: '\\b\\f\\n\\r\\t\\v\t\\a\\\\\n',
    rows: [['\b\f\n\r\t\v', 'a\\']],
  },
  {
    name: 'text: octal and hexadecimal digits',
    options: text,
    file: '\\101\\7\t\\x41\\x4g\\xg\n',
    rows: [['A\x07', 'A\x04gxg']],
  },
  { name: 'text: bytes of one letter as digits', options: text, file: '\\303\\251\t\\xc3\\xa9\n', rows: [['é', 'é']] },
  { name: 'text: digits that are no letter', options: text, file: '\\303\tb\n', rows: null },
  { name: 'text: digits for a NUL byte', options: text, file: '\\0\tb\n', rows: null },
  {
    name: 'text: a delimiter or a line end behind a backslash is data',
    options: text,
    file: 'a\\\tb\tc\\\nd\n',
    rows: [['a\tb', 'c\nd']],
  },
  { name: 'text: a backslash at the very end', options: text, file: 'a\tb\\', rows: [['a', 'b']] },
  { name: 'text: \\. ends the data', options: text, file: 'a\tb\n\\.\nrubbish\n', rows: [['a', 'b']] },
  {
    name: 'text: \\. at the end of a row',
    options: text,
    file: 'a\tb\\.\nc\td\n',
    rows: null,
    rowsBefore18: [['a', 'b']],
  },
  { name: 'text: \\. within a row', options: text, file: 'a\tb\\.c\n', rows: null },
  { name: 'text: \\. with another line end', options: text, file: 'a\tb\nc\td\\.\r\n', rows: null },
  { name: 'text: \\. at the very end, without a line end', options: text, file: 'a\tb\\.', rows: null },
  {
    name: 'text: lines that end in CRLF',
    options: text,
    file: 'a\tb\r\nc\td\r\n',
    rows: [
      ['a', 'b'],
      ['c', 'd'],
    ],
  },
  { name: 'text: a lone CR where lines end in LF', options: text, file: 'a\tb\nc\r\td\n', rows: null },
  { name: 'text: quotes mean nothing', options: text, file: '"a\tb"\n', rows: [['"a', 'b"']] },
  { name: 'text: another delimiter', options: { ...text, delimiter: ';' }, file: 'a\t;b\\;c\n', rows: [['a\t', 'b;c']] },
  { name: 'text: nothing stands for NULL', options: { ...text, emptyIsNull: true }, file: '\t\\N\n', rows: [[null, 'N']] },
]

/** What a major reads; null when it refuses. */
export function goldenRows(golden: GoldenFile, major: number): (string | null)[][] | null {
  return major < 18 && golden.rowsBefore18 ? golden.rowsBefore18 : golden.rows
}
