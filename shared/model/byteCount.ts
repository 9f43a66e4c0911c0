// Byte counts travel as decimal strings (they can pass 2^53) and are shown with a unit.
import { z } from 'zod'

export const byteCount = z.string().regex(/^\d+$/)

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** Powers of 1024 with PostgreSQL's unit names: 1310720 reads 1.25 MB. Three figures at the most. */
export function formatBytes(bytes: number | string | bigint): string {
  let value = Number(bytes)
  let unit = 0
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2
  return `${value.toFixed(digits)} ${units[unit]}`
}
