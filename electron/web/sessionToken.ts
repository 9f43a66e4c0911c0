// One-time tokens of printed links and the sessions they become; only hashes are kept.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

export const tokenLifetimeMs = 2 * 60_000
/** Pressing Enter again and again must not leave a drawer full of keys. */
const tokensAtOnce = 4
const sessionsAtOnce = 64

export interface SessionBook {
  /** A new token, good once and for two minutes. */
  issueToken(): string
  /** The session's secret, or undefined for a token that is wrong, used or too old. */
  exchange(token: string): string | undefined
  isSession(secret: string): boolean
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Compares with every entry, in the same time whether and wherever it matches. */
function findIndex(entries: readonly { hash: Buffer }[], text: string): number {
  const wanted = hash(text)
  let found = -1
  entries.forEach((entry, index) => {
    if (timingSafeEqual(entry.hash, wanted)) found = index
  })
  return found
}

/** `now` in milliseconds on a clock that never goes back: changing the system's time must not revive a token. */
export function openSessionBook(now: () => number = () => performance.now()): SessionBook {
  let tokens: { hash: Buffer; expires: number }[] = []
  const sessions: { hash: Buffer }[] = []
  const secret = () => randomBytes(32).toString('base64url')

  return {
    issueToken() {
      const token = secret()
      tokens = [...tokens, { hash: hash(token), expires: now() + tokenLifetimeMs }].slice(-tokensAtOnce)
      return token
    },
    exchange(token) {
      tokens = tokens.filter((entry) => entry.expires > now())
      const index = findIndex(tokens, token)
      if (index === -1) return undefined
      tokens.splice(index, 1)
      const session = secret()
      sessions.push({ hash: hash(session) })
      if (sessions.length > sessionsAtOnce) sessions.shift()
      return session
    },
    isSession: (text) => findIndex(sessions, text) !== -1,
  }
}
