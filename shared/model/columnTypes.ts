// Types that a table made from a file can have, and the narrowest of them that holds a column's values.

export const newColumnTypes = [
  'text',
  'integer',
  'bigint',
  'numeric',
  'double precision',
  'boolean',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'interval',
  'uuid',
  'jsonb',
  'bytea',
  'inet',
] as const

export type NewColumnType = (typeof newColumnTypes)[number]

/** Digits that a leading zero or a plus sign belongs to (article numbers, telephone numbers) are text, not numbers. */
const wholeNumber = /^-?(0|[1-9]\d*)$/
const decimal = /^-?(0|[1-9]\d*)\.\d+$/
const scientific = /^-?\d+(\.\d+)?[eE][+-]?\d+$/
const truth = /^(t|f|true|false)$/i
const day = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/
const clock = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/
const moment = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/
const zonedMoment = /^(.*\d)\s?(Z|[+-]\d{2}(:?\d{2})?)$/
const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** What every value that is not NULL can be; text for a column without values. A guess from a sample: the person decides. */
export function guessType(values: Iterable<string | null>): NewColumnType {
  let guess: NewColumnType | undefined
  for (const value of values) {
    if (value === null) continue
    const one = typeOf(value)
    guess = guess === undefined ? one : common(guess, one)
    if (guess === 'text') return 'text'
  }
  return guess ?? 'text'
}

function typeOf(value: string): NewColumnType {
  if (wholeNumber.test(value)) {
    if (value === '-0') return 'text'
    const number = BigInt(value)
    if (number >= -(2n ** 31n) && number < 2n ** 31n) return 'integer'
    return number >= -(2n ** 63n) && number < 2n ** 63n ? 'bigint' : 'numeric'
  }
  if (decimal.test(value)) return 'numeric'
  if (scientific.test(value)) return 'double precision'
  if (truth.test(value)) return 'boolean'
  if (day.test(value)) return isDay(value) ? 'date' : 'text'
  if (clock.test(value)) return 'time'
  if (moment.test(value)) return isDay(value.slice(0, 10)) ? 'timestamp' : 'text'
  if (uuid.test(value)) return 'uuid'
  const zoned = zonedMoment.exec(value)?.[1]
  if (zoned !== undefined && moment.test(zoned) && isDay(zoned.slice(0, 10))) return 'timestamptz'
  return 'text'
}

/** 2026-02-30 has the form of a date and is none. */
function isDay(text: string): boolean {
  const [year, month, date] = text.split('-').map(Number)
  if (year === undefined || month === undefined || date === undefined || year === 0) return false
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0
  return date <= days
}

const numbers: readonly NewColumnType[] = ['integer', 'bigint', 'numeric', 'double precision']

function common(a: NewColumnType, b: NewColumnType): NewColumnType {
  if (a === b) return a
  const [left, right] = [numbers.indexOf(a), numbers.indexOf(b)]
  if (left >= 0 && right >= 0) return numbers[Math.max(left, right)] ?? 'text'
  return 'text'
}
