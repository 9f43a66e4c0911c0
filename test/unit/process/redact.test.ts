// Hiding secrets in any text, and the type that hides itself.
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeRedactor } from '../../../electron/process/redact'
import { Secret } from '../../../electron/process/secret'

const secret = `p@ss:w'ord\\ %41/"z`
const redact = makeRedactor([new Secret(secret)]).apply

describe('makeRedactor', () => {
  it.each([
    ['as it is', secret],
    ['in a URI', encodeURIComponent(secret)],
    ['in a URI with lower-case hex', encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase())],
    ['in a URI, apostrophe encoded too', encodeURIComponent(secret).replaceAll("'", '%27')],
    ['in a conninfo string', secret.replace(/[\\']/g, '\\$&')],
    ['in an SQL literal', secret.replaceAll("'", "''")],
    ['in JSON', JSON.stringify(secret).slice(1, -1)],
    ['in a passfile', secret.replace(/[\\:]/g, '\\$&')],
    ['as a shell word', secret.replaceAll("'", `'\\''`)],
  ])('hides a password %s', (_where, spelling) => {
    expect(redact(`before ${spelling} after`)).toBe('before ******** after')
  })

  it('hides every place and every secret, the longer one first', () => {
    const both = makeRedactor([new Secret('abcd'), new Secret('abcdef')])
    expect(both.apply('abcd abcdef abcdefg')).toBe('******** ******** ********g')
  })

  it('hides each line of a secret with line ends', () => {
    expect(makeRedactor([new Secret('first\nsecond')]).apply('said second')).toBe('said ********')
  })

  it('replaces a very short password only where a password stands', () => {
    const short = makeRedactor([new Secret('a')])
    expect(short.apply("a table, password=a, password='a', postgres://u:a@h/d")).toBe(
      'a table, ********, ********, postgres://u********h/d',
    )
  })

  it('leaves text alone without secrets, or with an empty one', () => {
    expect(makeRedactor([]).apply('password')).toBe('password')
    expect(makeRedactor([new Secret('')]).apply('password')).toBe('password')
  })

  it('lets no secret of three characters or more through, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 3, unit: 'grapheme' }), fc.string(), fc.string(), (text, before, after) => {
        if ('********'.includes(text)) return
        const shown = makeRedactor([new Secret(text)]).apply(`${before}\n${text}\n${after}`)
        expect(shown.split('\n').slice(1, -1).join('\n')).not.toContain(text)
      }),
    )
  })
})

describe('Secret', () => {
  it('shows as stars wherever it is printed', () => {
    const hidden = new Secret(secret)
    expect([hidden.toString(), JSON.stringify({ hidden }), inspect({ hidden }), String(hidden)].join()).not.toContain('ord')
    expect(hidden.reveal()).toBe(secret)
  })
})
