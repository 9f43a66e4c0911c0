// .pgpass: matching as libpq does it, and which files it ignores.
import fs from 'node:fs'
import path from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { askPassfile, escapePassfileField, matchPassfile, passfilePath } from '../../../electron/postgres/passfile'
import { tempFolder } from '../../support/tempFolder'

const target = { host: 'db', port: 5432, database: 'shop', user: 'al' }

test.each([
  ['db:5432:shop:al:secret', 'secret'],
  ['*:*:*:*:secret', 'secret'],
  ['db:*:shop:*:secret', 'secret'],
  ['other:5432:shop:al:no\ndb:5432:shop:al:first\n*:*:*:*:second', 'first'],
  ['#db:5432:shop:al:secret', null],
  ['db:5432:shop:al', null],
  ['db:5432:shop:alx:no', null],
  ['db:5432:shop:a:no', null],
  ['db:5432:shop:al:', null],
  ['db:5432:shop:al:\n*:*:*:*:later', null],
  ['d*:5432:shop:al:no', null],
  ['**:5432:shop:al:no', null],
  ['db:5432:shop:al:with\\:colon', 'with:colon'],
  ['db:5432:shop:al:back\\\\slash', 'back\\slash'],
  ['db:5432:shop:al:ends\\', 'ends\\'],
  ['db:5432:shop:al:cut:here', 'cut'],
  ['\\d\\b:5432:shop:al:escaped', 'escaped'],
  ['db:5432:shop:al: spaces stay ', ' spaces stay '],
  ['db:5432:shop:al:windows\r\nx', 'windows'],
  ['DB:5432:shop:al:no', null],
])('%j', (text, expected) => {
  expect(matchPassfile(text, target)).toBe(expected)
})

test('an asterisk as a real name needs no escape on the asking side, and matches only an escaped one or itself as wildcard', () => {
  expect(matchPassfile('\\*:5432:shop:al:star', { ...target, host: '*' })).toBe('star')
  expect(matchPassfile('\\*:5432:shop:al:star', target)).toBeNull()
})

test('whatever the names and the password, an escaped line finds exactly itself', () => {
  const field = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .filter((text) => !/[\n\r\0]/.test(text) && text !== '*')
  fc.assert(
    fc.property(field, field, field, field, fc.integer({ min: 1, max: 65535 }), (host, database, user, password, port) => {
      fc.pre(!host.startsWith('#') && !host.startsWith('/'))
      const line = [host, String(port), database, user, password].map(escapePassfileField).join(':')
      expect(matchPassfile(line, { host, port, database, user })).toBe(password)
      expect(matchPassfile(line, { host, port, database, user: `${user}x` })).toBeNull()
    }),
  )
})

test('the setting, then PGPASSFILE, then the home folder', () => {
  expect(passfilePath('/x', { PGPASSFILE: '/y', HOME: '/h' })).toBe('/x')
  expect(passfilePath('', { PGPASSFILE: '/y', HOME: '/h' })).toBe('/y')
  expect(passfilePath('', { HOME: '/h' })).toBe('/h/.pgpass')
})

test('a file others can read is ignored with the command that helps, as is a folder; a missing one is absent', () => {
  const folder = tempFolder('passfile')
  const file = path.join(folder, "it's mine")
  expect(askPassfile(file, target)).toEqual({ kind: 'absent', file })
  fs.writeFileSync(file, '*:*:*:*:secret\n')
  for (const mode of [0o640, 0o604, 0o620, 0o610]) {
    fs.chmodSync(file, mode)
    expect(askPassfile(file, target)).toEqual({
      kind: 'ignored',
      file,
      reason: 'can be read or written by other accounts of this machine, so PostgreSQL programs ignore it',
      fix: `Run: chmod 0600 '${folder}/it'\\''s mine'`,
      wouldMatch: true,
    })
  }
  fs.chmodSync(file, 0o600)
  const answer = askPassfile(file, target)
  expect(answer.kind === 'found' && answer.password.reveal()).toBe('secret')
  expect(JSON.stringify(answer)).not.toContain('secret')
  expect(askPassfile(folder, target)).toMatchObject({ kind: 'ignored', reason: 'is not a plain file' })
})
