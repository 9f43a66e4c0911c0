// Connection strings: every form of libpq's, round trips of hostile values, and what is refused.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseConnectionString } from '../../../electron/postgres/connectionString'
import { AppError } from '../../../shared/rpc/appError'

function given(text: string) {
  const { settings, hasPassword, ignored } = parseConnectionString(text)
  const set = Object.entries(settings).filter(
    ([key, value]) => value !== '' && value !== null && !(key === 'sslmode' && value === 'prefer'),
  )
  return { ...Object.fromEntries(set), ...(hasPassword ? { hasPassword } : {}), ...(ignored.length > 0 ? { ignored } : {}) }
}

test.each([
  ['postgresql://', {}],
  ['postgresql://localhost', { host: 'localhost' }],
  ['postgres://localhost:5433', { host: 'localhost', port: 5433 }],
  ['postgresql://localhost/mydb', { host: 'localhost', database: 'mydb' }],
  ['postgresql://user@localhost', { host: 'localhost', user: 'user' }],
  ['postgresql://user:secret@localhost', { host: 'localhost', user: 'user', hasPassword: true }],
  ['postgresql://user:@localhost', { host: 'localhost', user: 'user' }],
  ['postgresql://:secret@h', { host: 'h', hasPassword: true }],
  ['postgresql:///mydb', { database: 'mydb' }],
  ['postgresql://%2Fvar%2Frun%2Fpostgresql/dbname', { host: '/var/run/postgresql', database: 'dbname' }],
  ['postgresql:///dbname?host=/var/run/postgresql', { host: '/var/run/postgresql', database: 'dbname' }],
  ['postgresql://[2001:db8::1234]/database', { host: '2001:db8::1234', database: 'database' }],
  ['postgresql://[::1]:5433', { host: '::1', port: 5433 }],
  ['postgresql://u%40x:p%3Aw@h/a%20b+c', { user: 'u@x', host: 'h', database: 'a b+c', hasPassword: true }],
  ['postgresql://h/db@x', { host: 'h', database: 'db@x' }],
  ['postgresql://h?sslmode=verify-full&sslrootcert=system', { host: 'h', sslmode: 'verify-full', sslrootcert: 'system' }],
  ['postgresql://h?ssl=true', { host: 'h', sslmode: 'require' }],
  ['postgresql://h/a?dbname=b&port=1&user=c', { host: 'h', database: 'b', port: 1, user: 'c' }],
  ['postgresql://?hostaddr=10.0.0.1', { host: '10.0.0.1' }],
  [
    'postgresql://h?hostaddr=10.0.0.1&application_name=x&options=-c%20geqo%3Doff',
    { host: 'h', ignored: ['hostaddr', 'application_name', 'options'] },
  ],
  ['postgresql://h?password=secret', { host: 'h', hasPassword: true }],
  ['  postgresql://h  ', { host: 'h' }],
  ['postgresql://?service=shop&passfile=/x', { service: 'shop', passfile: '/x' }],
  [
    'host=localhost port=5432 dbname=mydb connect_timeout=10',
    { host: 'localhost', port: 5432, database: 'mydb', ignored: ['connect_timeout'] },
  ],
  ["host = localhost  user = 'a b' password=''", { host: 'localhost', user: 'a b' }],
  ["user='it\\'s \\\\ me' password='x y'", { user: "it's \\ me", hasPassword: true }],
  ['user=a\\ b dbname=c', { user: 'a b', database: 'c' }],
  ['user= dbname=x', { user: 'dbname=x' }],
  ["user='a'dbname=b", { user: 'a', database: 'b' }],
  ['__proto__=x host=h constructor=y', { host: 'h', ignored: ['__proto__', 'constructor'] }],
])('%s', (text, expected) => {
  expect(given(text)).toEqual(expected)
})

test.each([
  ['postgresql://a,b/db', 'several hosts or ports'],
  ['postgresql://a:1,b:2/db', 'several hosts or ports'],
  ['postgresql://a?port=1,2', 'several hosts or ports'],
  ['postgresql://a%2Cb/db', 'several hosts or ports'],
  ['host=a,b', 'several hosts or ports'],
  ['postgresql://h:0/', 'port is not a number from 1 to 65535'],
  ['postgresql://h:65536/', 'port is not a number'],
  ['postgresql://h:12x/', 'port is not a number'],
  ['postgresql://h/%zz', 'not followed by two hexadecimal digits'],
  ['postgresql://h/%0', 'not followed by two hexadecimal digits'],
  ['postgresql://h/%00', '%00 is not allowed'],
  ['postgresql://h/%ff', 'not UTF-8'],
  ['postgresql://h?x', 'not of the form key=value'],
  ['postgresql://h?a=b=c', 'not of the form key=value'],
  ['postgresql://h?sslmode=maybe', 'sslmode is not known'],
  ['postgresql://::1/db', 'host of this URL can not be read'],
  ['mysql://h/db', 'not for PostgreSQL'],
  ['hello', 'neither a postgresql:// URL nor a list'],
  ['host=h user', 'can not be read to its end'],
  ["user='open", 'can not be read to its end'],
  ['', 'neither a postgresql:// URL nor a list'],
])('refused: %s', (text, message) => {
  expect(() => parseConnectionString(text)).toThrow(message)
})

const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => !text.includes('\0'))
const host = value.filter((text) => !text.includes(','))

test('any user, password, host and database come back out of a URL, the password excepted', () => {
  fc.assert(
    fc.property(value, value, host, value, fc.integer({ min: 1, max: 65535 }), (user, password, server, database, port) => {
      const [u, p, h, d] = [user, password, server, database].map(encodeURIComponent)
      const parsed = parseConnectionString(`postgresql://${u}:${p}@${h}:${port}/${d}?application_name=${p}`)
      expect(parsed.settings).toMatchObject({ user, host: server, database, port })
      expect(parsed).toMatchObject({ hasPassword: true, ignored: ['application_name'] })
    }),
  )
})

const quote = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`

test('the same for key=value, quoted', () => {
  fc.assert(
    fc.property(value, value, host, value, (user, password, server, database) => {
      const text = `user=${quote(user)} password = ${quote(password)} host=${quote(server)}  dbname=${quote(database)}`
      const parsed = parseConnectionString(text)
      expect(parsed.settings).toMatchObject({ user, host: server, database })
      expect(parsed.hasPassword).toBe(true)
    }),
  )
})

/** What a refusal says; '' when the text was read. Anything but an AppError is a bug and thrown on. */
function outcome(text: string): { refusal: string } {
  try {
    parseConnectionString(text)
    return { refusal: '' }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { refusal: JSON.stringify(error.toWire()) }
  }
}

test('whatever the text, it is read or refused in words that do not repeat the password', () => {
  const marker = 'pw7f3a'
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('postgresql://', 'host=', ''), (noise, head) => {
      for (const text of [`${head}${noise}:${marker}@${noise}`, `${head}u:${marker}${noise}`, `password=${marker}${noise}`]) {
        expect(outcome(text).refusal).not.toContain(marker)
      }
    }),
  )
})
