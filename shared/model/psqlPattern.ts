// Reads psql's name patterns as pg_dump does (string_utils.c, patternToSQLRegex): quotes, dots, * and ?, the rest a regular expression.

export interface NamePart {
  /** The name itself where the pattern can match no other; else undefined. */
  exact: string | undefined
  /** Matches every name. */
  any: boolean
  test(name: string): boolean
}

export interface NamePattern {
  /** null: any schema (for programs: those on the search path). */
  schema: NamePart | null
  name: NamePart
}

const special = /[|*+?()[\]{}.^$\\]/

/** undefined for a pattern that is no valid regular expression or has more than one dot. */
export function readPattern(text: string): NamePattern | undefined {
  const parts: { source: string; literal: string; plain: boolean; any: boolean }[] = []
  let part = { source: '', literal: '', plain: true, any: false }
  let quoted = false
  const characters = [...text]
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? ''
    if (character === '"') {
      if (quoted && characters[at + 1] === '"') {
        part.source += '"'
        part.literal += '"'
        at += 1
      } else quoted = !quoted
    } else if (!quoted && character === '.') {
      parts.push(part)
      part = { source: '', literal: '', plain: true, any: false }
    } else if (!quoted && character === '*') {
      part.any = part.source === ''
      part.source += '.*'
      part.plain = false
    } else if (!quoted && character === '?') {
      part.source += '.'
      part.plain = false
      part.any = false
    } else if (character === '$' || (quoted && special.test(character))) {
      // A dollar sign is part of names, and never an anchor.
      part.source += `\\${character}`
      part.literal += character
      part.any = false
    } else {
      const lower = quoted ? character : asciiLower(character)
      if (!quoted && special.test(character)) part.plain = false
      part.source += lower
      part.literal += lower
      part.any = false
    }
  }
  parts.push(part)
  if (parts.length > 2) return undefined
  const made = parts.map(({ source, literal, plain, any }) => {
    try {
      const expression = new RegExp(`^(?:${source})$`, 'su')
      return {
        exact: plain ? literal : undefined,
        any,
        test: (name: string) => (plain ? name === literal : expression.test(name)),
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      return undefined
    }
  })
  const [first, second] = made
  if (first === undefined || (parts.length === 2 && second === undefined)) return undefined
  return second ? { schema: first, name: second } : { schema: null, name: first }
}

/** As the server's encoding-blind pg_tolower does for what is not quoted. */
function asciiLower(character: string): string {
  return character >= 'A' && character <= 'Z' ? character.toLowerCase() : character
}

/** `"s".*` */
export function everythingIn(quotedSchema: string): string {
  return `${quotedSchema}.*`
}
