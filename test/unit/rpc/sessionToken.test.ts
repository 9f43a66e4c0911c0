// One-time tokens and the sessions they become.
import { describe, expect, it } from 'vitest'
import { openSessionBook, tokenLifetimeMs } from '../../../electron/web/sessionToken'

describe('openSessionBook', () => {
  it('makes tokens and sessions of 256 random bits, never the same', () => {
    const book = openSessionBook(() => 0)
    const seen = new Set<string>()
    for (let n = 0; n < 100; n++) {
      const token = book.issueToken()
      const session = book.exchange(token) ?? ''
      for (const text of [token, session]) {
        expect(Buffer.from(text, 'base64url')).toHaveLength(32)
        seen.add(text)
      }
    }
    expect(seen.size).toBe(200)
  })

  it('exchanges once, in time, and only what it issued', () => {
    let now = 1000
    const book = openSessionBook(() => now)
    const [first, second] = [book.issueToken(), book.issueToken()]
    expect(book.exchange('')).toBeUndefined()
    const session = book.exchange(first)
    expect(session).toBeDefined()
    expect(book.exchange(first)).toBeUndefined()
    now += tokenLifetimeMs
    expect(book.exchange(second)).toBeUndefined()
    now -= tokenLifetimeMs
    expect(book.exchange(second)).toBeUndefined()
    expect(book.isSession(session ?? '')).toBe(true)
    expect(book.isSession(first)).toBe(false)
    expect(book.isSession('')).toBe(false)
  })

  it('a session outlives its token, and only the newest 64 are kept', () => {
    let now = 0
    const book = openSessionBook(() => now)
    const sessions = Array.from({ length: 65 }, () => book.exchange(book.issueToken()) ?? '')
    now += tokenLifetimeMs * 1000
    expect(sessions.map((session) => book.isSession(session))).toEqual([false, ...Array(64).fill(true)])
  })
})
