// Replaces secrets by stars in text that is shown or kept, in every spelling a program may print them in.
import type { Secret } from './secret'

const stars = '********'

export interface Redactor {
  apply: (text: string) => string
  /** Length of the longest spelling, so that cut text can hold back what may be the beginning of a secret. */
  readonly longest: number
}

/**
 * Two characters or fewer are replaced only where a password stands: they protect nothing, and replacing every `a`
 * would both ruin the text and tell the secret.
 */
const shortest = 3

function percentEncoded(text: string): string[] {
  let component: string
  try {
    component = encodeURIComponent(text)
  } catch {
    return [] // a lone surrogate has no UTF-8 form, so no program can print it percent-encoded
  }
  const strict = component.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
  const lower = (encoded: string) => encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())
  return [component, strict, lower(component), lower(strict), encodeURI(text)]
}

/** As plain text, in URIs, in libpq's conninfo, SQL literals, JSON, passfiles and shell words. */
function spellings(secret: string): string[] {
  return [
    secret,
    ...percentEncoded(secret),
    secret.replace(/[\\']/g, '\\$&'),
    secret.replaceAll("'", "''"),
    JSON.stringify(secret).slice(1, -1),
    secret.replace(/[\\:]/g, '\\$&'),
    secret.replaceAll("'", `'\\''`),
  ]
}

export function makeRedactor(secrets: readonly Secret[]): Redactor {
  const found = new Set<string>()
  for (const secret of secrets) {
    const value = secret.reveal()
    if (value === '') continue
    // Lines are redacted one by one, so each line of a secret counts for itself too.
    for (const part of new Set([value, ...value.split(/\r\n|\r|\n/)])) {
      for (const form of spellings(part)) {
        if (part.length >= shortest) found.add(form)
        else if (part !== '') for (const place of [`password=${form}`, `password='${form}'`, `:${form}@`]) found.add(place)
      }
    }
  }
  if (found.size === 0) return { apply: (text) => text, longest: 0 }
  const longestFirst = [...found].toSorted((a, b) => b.length - a.length)
  const pattern = new RegExp(longestFirst.map((form) => form.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|'), 'g')
  return { apply: (text) => text.replace(pattern, stars), longest: longestFirst[0]?.length ?? 0 }
}
