// The option table of COPY, servers 13 to 18: one row per option feeds the form, the SQL, the preview and the tests.
import { quoteIdentifier, quoteLiteral } from '../model/identifier'
import type { PgVersion } from '../model/pgVersion'
import { type CommandProblem, optionProblem } from './buildCommand'
import { isAsked, type OptionValue, type OptionValues, type Tool, type ToolOption } from './defineTool'

export type CopyDirection = 'to' | 'from'

const format = 'Format'
const values = 'Values'
const columns = 'Columns'
const rows = 'Rows'

const needsCsv = (what: string) => ({ key: 'format', values: ['csv'], reason: `${what} is for CSV.` }) as const
const notBinary = (what: string) =>
  ({ key: 'format', values: ['text', 'csv'], reason: `${what} can't be set for the binary format.` }) as const
const onlyTo = (what: string) => ({ key: 'direction', values: ['to'], reason: `${what} is for exports.` }) as const
const onlyFrom = (what: string) => ({ key: 'direction', values: ['from'], reason: `${what} is for imports.` }) as const

/** The server counts bytes; a character outside ASCII has several in UTF-8. */
function oneByte(name: string, value: OptionValue): string | undefined {
  if (typeof value === 'string' && value.length === 1 && value.charCodeAt(0) < 128) return undefined
  return `${name} must be a single one-byte character.`
}

const text = (value: OptionValue | undefined): string => (typeof value === 'string' ? value : '')

/** What is in force when the option is not asked for. */
export function delimiterOf(options: OptionValues): string {
  return text(options.delimiter) || (options.format === 'csv' ? ',' : '\t')
}
export function quoteOf(options: OptionValues): string {
  return text(options.quote) || '"'
}
export function escapeOf(options: OptionValues): string {
  return text(options.escape) || quoteOf(options)
}
export function nullOf(options: OptionValues): string {
  if (isAsked(options.emptyIsNull)) return ''
  return text(options.null) || (options.format === 'csv' ? '' : '\\N')
}

function checkDelimiter(value: OptionValue, all: OptionValues): string | undefined {
  const problem = oneByte('DELIMITER', value)
  if (problem) return problem
  const delimiter = text(value)
  if (delimiter === '\n' || delimiter === '\r') return 'DELIMITER can’t be a line break.'
  if (nullOf(all).includes(delimiter)) return `DELIMITER can’t be ${delimiter}: it is part of the text for NULL.`
  if (all.format === 'csv') return delimiter === quoteOf(all) ? 'DELIMITER and QUOTE must be different.' : undefined
  return /[\\.a-z0-9]/.test(delimiter) ? `DELIMITER can’t be ${delimiter} in text format: it has a meaning there.` : undefined
}

/** For the texts that stand for NULL and for a column's default. */
function checkMark(name: string, value: OptionValue, all: OptionValues): string | undefined {
  const mark = text(value)
  if (/[\r\n]/.test(mark)) return `${name} can’t hold a line break.`
  if (mark.includes(delimiterOf(all))) return `${name} can’t hold the delimiter.`
  if (all.format === 'csv' && mark.includes(quoteOf(all))) return `${name} can’t hold the quote character.`
  return undefined
}

function checkQuote(value: OptionValue, all: OptionValues): string | undefined {
  const problem = oneByte('QUOTE', value)
  if (problem) return problem
  return text(value) === delimiterOf(all) ? 'DELIMITER and QUOTE must be different.' : undefined
}

const options: readonly ToolOption[] = [
  {
    key: 'direction',
    flag: 'TO/FROM',
    label: 'Direction',
    help: 'Out of the database, or into it.',
    value: {
      kind: 'choice',
      choices: [
        { value: 'to', label: 'Export' },
        { value: 'from', label: 'Import' },
      ],
    },
    group: format,
    owned: true,
  },
  {
    key: 'format',
    flag: 'FORMAT',
    label: 'Format',
    help: 'Text is PostgreSQL’s own, CSV what other programs read, binary for the same PostgreSQL only.',
    value: {
      kind: 'choice',
      choices: [
        { value: 'text', label: 'Text' },
        { value: 'csv', label: 'CSV' },
        { value: 'binary', label: 'Binary' },
      ],
    },
    group: format,
    owned: true,
  },
  {
    key: 'header',
    flag: 'HEADER',
    label: 'Header line',
    help: 'The first line holds the column names. On import it is skipped, or compared with the table’s columns (match).',
    value: {
      kind: 'choice',
      choices: [
        { value: 'true', label: 'Yes' },
        { value: 'match', label: 'Must match the columns', since: 15 },
      ],
    },
    group: format,
    common: true,
    requires: [notBinary('HEADER')],
    check: (value, all, server) => {
      if (all.format === 'text' && server < 150000) return 'HEADER in text format needs PostgreSQL 15 or newer.'
      return value === 'match' && all.direction === 'to' ? 'HEADER MATCH is for imports.' : undefined
    },
  },
  {
    key: 'delimiter',
    flag: 'DELIMITER',
    label: 'Delimiter',
    help: 'The character between columns: a tab in text format, a comma in CSV.',
    value: {
      kind: 'text',
      suggestions: [
        { value: ',', label: 'Comma' },
        { value: ';', label: 'Semicolon' },
        { value: '\t', label: 'Tab' },
        { value: '|', label: 'Bar' },
      ],
    },
    group: format,
    common: true,
    requires: [notBinary('DELIMITER')],
    check: checkDelimiter,
  },
  {
    key: 'null',
    flag: 'NULL',
    label: 'Text for NULL',
    help: 'What stands for NULL in the file: \\N in text format, an empty unquoted value in CSV.',
    value: { kind: 'text' },
    group: values,
    common: true,
    requires: [notBinary('NULL')],
    excludes: ['emptyIsNull'],
    check: (value, all) => checkMark('NULL', value, all),
  },
  {
    key: 'emptyIsNull',
    flag: "NULL ''",
    label: 'Nothing stands for NULL',
    help: 'An empty value is NULL, as in CSV. In text format empty strings and NULL can then not be told apart.',
    value: { kind: 'flag' },
    group: values,
    requires: [notBinary('NULL')],
  },
  {
    key: 'default',
    flag: 'DEFAULT',
    label: 'Text for the default',
    help: 'Where the file holds this text, the column’s default is taken.',
    value: { kind: 'text' },
    group: values,
    since: 16,
    requires: [onlyFrom('DEFAULT'), notBinary('DEFAULT')],
    check: (value, all) =>
      checkMark('DEFAULT', value, all) ?? (text(value) === nullOf(all) ? 'DEFAULT and NULL must be different.' : undefined),
  },
  {
    key: 'quote',
    flag: 'QUOTE',
    label: 'Quote character',
    help: 'Around values that hold the delimiter, a quote or a line break.',
    value: { kind: 'text' },
    group: format,
    requires: [needsCsv('QUOTE')],
    check: checkQuote,
  },
  {
    key: 'escape',
    flag: 'ESCAPE',
    label: 'Escape character',
    help: 'Before a quote inside a quoted value; the quote itself unless set.',
    value: { kind: 'text' },
    group: format,
    requires: [needsCsv('ESCAPE')],
    check: (value) => oneByte('ESCAPE', value),
  },
  {
    key: 'encoding',
    flag: 'ENCODING',
    label: 'Encoding of the file',
    help: 'UTF8 unless set.',
    value: {
      kind: 'text',
      suggestions: ['UTF8', 'LATIN1', 'LATIN9', 'WIN1252', 'WIN1250', 'WIN1251', 'SJIS', 'EUC_JP', 'GBK', 'BIG5'].map(
        (value) => ({
          value,
          label: value,
        }),
      ),
    },
    group: format,
    common: true,
  },
  {
    key: 'forceQuoteAll',
    flag: 'FORCE_QUOTE *',
    label: 'Quote every value',
    help: 'All values except NULL are quoted.',
    value: { kind: 'flag' },
    group: columns,
    requires: [needsCsv('FORCE_QUOTE'), onlyTo('FORCE_QUOTE')],
    excludes: ['forceQuote'],
  },
  {
    key: 'forceQuote',
    flag: 'FORCE_QUOTE',
    label: 'Always quote columns',
    help: 'Values of these columns are quoted even where they need not be.',
    value: { kind: 'list' },
    group: columns,
    requires: [needsCsv('FORCE_QUOTE'), onlyTo('FORCE_QUOTE')],
  },
  {
    key: 'forceNotNullAll',
    flag: 'FORCE_NOT_NULL *',
    label: 'No value is NULL',
    help: 'The text for NULL is read as it stands in every column: nothing becomes an empty string.',
    value: { kind: 'flag' },
    group: columns,
    since: 17,
    requires: [needsCsv('FORCE_NOT_NULL'), onlyFrom('FORCE_NOT_NULL')],
    excludes: ['forceNotNull'],
  },
  {
    key: 'forceNotNull',
    flag: 'FORCE_NOT_NULL',
    label: 'Columns without NULL',
    help: 'In these columns the text for NULL is read as it stands: nothing becomes an empty string.',
    value: { kind: 'list' },
    group: columns,
    requires: [needsCsv('FORCE_NOT_NULL'), onlyFrom('FORCE_NOT_NULL')],
  },
  {
    key: 'forceNullAll',
    flag: 'FORCE_NULL *',
    label: 'Quoted NULL text is NULL',
    help: 'The text for NULL is NULL in every column even when it is quoted: "" becomes NULL.',
    value: { kind: 'flag' },
    group: columns,
    since: 17,
    requires: [needsCsv('FORCE_NULL'), onlyFrom('FORCE_NULL')],
    excludes: ['forceNull'],
  },
  {
    key: 'forceNull',
    flag: 'FORCE_NULL',
    label: 'Columns where quoted NULL text is NULL',
    help: 'In these columns the text for NULL is NULL even when it is quoted: "" becomes NULL.',
    value: { kind: 'list' },
    group: columns,
    requires: [needsCsv('FORCE_NULL'), onlyFrom('FORCE_NULL')],
  },
  {
    key: 'onError',
    flag: 'ON_ERROR',
    label: 'Values the column can’t take',
    help: 'The server skips rows whose values don’t fit the column’s type, and only counts them.',
    value: {
      kind: 'choice',
      choices: [
        { value: 'stop', label: 'Stop' },
        { value: 'ignore', label: 'Skip the row' },
      ],
    },
    group: rows,
    since: 17,
    requires: [onlyFrom('ON_ERROR')],
    check: (value, all) =>
      value === 'ignore' && all.format === 'binary'
        ? 'The binary format can’t skip rows: only ON_ERROR stop is allowed.'
        : undefined,
  },
  {
    key: 'rejectLimit',
    flag: 'REJECT_LIMIT',
    label: 'Most rows to skip',
    help: 'With more rows than this to skip the server stops.',
    value: { kind: 'integer', min: 1, max: Number.MAX_SAFE_INTEGER },
    group: rows,
    since: 18,
    requires: [onlyFrom('REJECT_LIMIT'), { key: 'onError', values: ['ignore'], reason: 'REJECT_LIMIT needs ON_ERROR ignore.' }],
  },
  {
    key: 'logVerbosity',
    flag: 'LOG_VERBOSITY',
    label: 'Messages about skipped rows',
    help: 'Verbose: one for each row. Silent: none, not even the count.',
    value: {
      kind: 'choice',
      choices: [
        { value: 'default', label: 'The count' },
        { value: 'verbose', label: 'Each row' },
        { value: 'silent', label: 'None', since: 18 },
      ],
    },
    group: rows,
    since: 17,
    requires: [onlyFrom('LOG_VERBOSITY')],
  },
  {
    key: 'freeze',
    flag: 'FREEZE',
    label: 'Freeze rows at once',
    help: 'Rows are written as VACUUM FREEZE would leave them. The table must be emptied or made by this import.',
    value: { kind: 'flag' },
    group: rows,
    requires: [onlyFrom('FREEZE')],
  },
]

/** The flags are SQL words, so that the checks of programs' tables do not fit; keys and flags are checked by the tests. */
export const copyCommand: Tool = { program: 'PostgreSQL', options, omissions: [] }

/** What stands in the way of these options on this server. Direction and format are among the values. */
export function copyProblems(all: OptionValues, server: PgVersion): CommandProblem[] {
  const versions = { tool: server, server }
  const asked = Object.keys(all).filter((key) => isAsked(all[key]))
  return asked.flatMap((key) => {
    const message = optionProblem(copyCommand, key, all, versions)
    const flag = copyCommand.options.find((option) => option.key === key)?.flag ?? ''
    return message === undefined ? [] : [{ key, flag, message }]
  })
}

/** `(FORMAT csv, HEADER true)`, in the table's order; the format always, so that the text says it. */
export function copyOptionsSql(all: OptionValues): string {
  const parts = copyCommand.options.flatMap((option) => {
    const value = all[option.key]
    return option.key === 'direction' || !isAsked(value) ? [] : [optionSql(option, value)]
  })
  return `(${parts.join(', ')})`
}

function optionSql(option: ToolOption, value: OptionValue): string {
  if (typeof value === 'object') return `${option.flag} (${value.map(quoteIdentifier).join(', ')})`
  if (option.key === 'emptyIsNull' || (value === true && option.flag.endsWith(' *'))) return option.flag
  if (option.value.kind === 'text') return `${option.flag} ${quoteLiteral(String(value)).trim()}`
  return `${option.flag} ${String(value)}`
}
