// Rows, choices and rules that the programs for base backups and WAL have in common.
import type { OptionChoice, OptionValue } from './defineTool'

export const manifestChecksumChoices: readonly OptionChoice[] = [
  { value: 'CRC32C', label: 'CRC32C (fast)' },
  { value: 'SHA224', label: 'SHA-224' },
  { value: 'SHA256', label: 'SHA-256' },
  { value: 'SHA384', label: 'SHA-384' },
  { value: 'SHA512', label: 'SHA-512' },
  { value: 'NONE', label: 'None', help: 'Only sizes are compared later.' },
]

export const syncMethodChoices: readonly OptionChoice[] = [
  { value: 'fsync', label: 'Each file' },
  { value: 'syncfs', label: 'The whole file system (Linux)' },
]

/** Splits OLD=NEW as the programs do: `\=` is an equal sign within a path. undefined when it is not of that form. */
export function readMapping(text: string): { from: string; to: string } | undefined {
  const parts: string[] = []
  let part = ''
  for (let i = 0; i < text.length; i += 1) {
    if (text.startsWith('\\=', i)) {
      part += '='
      i += 1
    } else if (text[i] === '=') {
      parts.push(part)
      part = ''
    } else part += text[i]
  }
  const [from, ...more] = parts
  return from && part && more.length === 0 ? { from, to: part } : undefined
}

/** The inverse of readMapping. */
export function writeMapping(from: string, to: string): string {
  return `${from.replaceAll('=', '\\=')}=${to.replaceAll('=', '\\=')}`
}

export function mappingProblem(value: OptionValue): string | undefined {
  if (typeof value !== 'object') return undefined
  const seen = new Set<string>()
  for (const text of value) {
    const mapping = readMapping(text)
    if (!mapping) return `${JSON.stringify(text)} is not OLD=NEW; an equal sign within a path is written \\=.`
    if (!mapping.from.startsWith('/') || !mapping.to.startsWith('/')) return 'Both paths of a mapping are absolute.'
    if (seen.has(mapping.from)) return `${mapping.from} is mapped twice.`
    seen.add(mapping.from)
  }
  return undefined
}
