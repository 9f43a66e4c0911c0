// Quoting of identifiers and literals: shapes, and what is refused. The round trip through a server is an integration test.
import { expect, test } from 'vitest'
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../../shared/model/identifier'

test('an identifier is always quoted and its quotes doubled', () => {
  expect(quoteIdentifier('orders')).toBe('"orders"')
  expect(quoteIdentifier('a"b; DROP')).toBe('"a""b; DROP"')
  expect(qualifiedName('S.x', 't')).toBe('"S.x"."t"')
})

test('a NUL byte is refused', () => {
  expect(() => quoteIdentifier('a\0b')).toThrow('cannot hold a NUL byte')
  expect(() => quoteLiteral('a\0b')).toThrow('cannot hold a NUL byte')
})

test('a literal with a backslash becomes an escape string', () => {
  expect(quoteLiteral("it's")).toBe("'it''s'")
  expect(quoteLiteral("a\\'b")).toBe(" E'a\\\\''b'")
})
