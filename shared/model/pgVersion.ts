// PostgreSQL version numbers as the server counts them (180004 is 18.4), for servers and for client programs.

/** As `server_version_num`: major * 10000 + minor. */
export type PgVersion = number

export const supportedMajors = [13, 14, 15, 16, 17, 18] as const

/** The major of a version number: 150018 is 15. */
export function majorOf(version: PgVersion): number {
  return Math.floor(version / 10000)
}

/** 150018 reads 15.18; pre-releases ("19beta1") are counted as minor 0. */
export function formatPgVersion(version: PgVersion): string {
  return `${majorOf(version)}.${version % 10000}`
}

/**
 * Reads what programs print for --version, such as `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
 * undefined when there is no version in the text.
 */
export function parsePgVersion(text: string): PgVersion | undefined {
  const match = /\(PostgreSQL\)\s+(\d+)(?:\.(\d+))?/.exec(text) ?? /^\s*(\d+)(?:\.(\d+))?/.exec(text)
  if (!match) return undefined
  return Number(match[1]) * 10000 + Number(match[2] ?? 0)
}
