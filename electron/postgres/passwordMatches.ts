// Whether a password is the one that a stored hash was made of: what a server keeps in pg_authid, and pg_dumpall writes.
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'

/** undefined where the hash is of no kind known here. Passwords beyond ASCII are compared in the form NFKC only. */
export function passwordMatches(password: string, role: string, hash: string): boolean | undefined {
  const md5 = /^md5([0-9a-f]{32})$/.exec(hash)?.[1]
  if (md5 !== undefined)
    return (
      createHash('md5')
        .update(password + role)
        .digest('hex') === md5
    )
  const scram = /^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):/.exec(hash)
  if (!scram) return undefined
  const [, iterations = '', salt = '', storedKey = ''] = scram
  // A hash comes from a file: it must not be able to keep us busy for hours.
  if (Number(iterations) < 1 || Number(iterations) > 10_000_000) return undefined
  const salted = pbkdf2Sync(password.normalize('NFKC'), Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256')
  const key = createHash('sha256').update(createHmac('sha256', salted).update('Client Key').digest()).digest()
  const stored = Buffer.from(storedKey, 'base64')
  return stored.length === key.length && timingSafeEqual(stored, key)
}
