// Says in plain words what is wrong with a request, by the field's path, never with the value that was sent.
import type { z } from 'zod'
import { AppError } from '../../shared/rpc/appError'

type Issue = z.core.$ZodIssue

const nouns: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'yes or no',
  array: 'a list',
  object: 'a group of fields',
  record: 'a group of fields',
}

/** Keys of a record are the sender's own text: only plain names are repeated. */
export function fieldPath(path: readonly PropertyKey[]): string {
  const parts = path.slice(0, 12).map((part) => {
    if (typeof part === 'number') return `[${part}]`
    return `.${typeof part === 'string' && /^[A-Za-z][\w-]{0,59}$/.test(part) ? part : '(unnamed)'}`
  })
  return parts.join('').replace(/^\./, '')
}

function size(limit: number | bigint, origin: string): string {
  if (origin === 'string') return `${limit} characters`
  if (origin === 'array') return `${limit} entries`
  return String(limit)
}

function complaint(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined && issue.message.endsWith('received undefined')
        ? `is missing; it needs ${nouns[issue.expected] ?? issue.expected}`
        : `needs ${nouns[issue.expected] ?? issue.expected}`
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'must not be empty'
      return `is too ${issue.origin === 'string' ? 'short' : 'small'}; the least is ${size(issue.minimum, issue.origin)}`
    case 'too_big':
      return `is too ${issue.origin === 'string' || issue.origin === 'array' ? 'long' : 'big'}; the most is ${size(issue.maximum, issue.origin)}`
    case 'invalid_value':
      return `must be one of: ${issue.values.map(String).join(', ')}`
    case 'invalid_format':
      return 'is not written in the form that is expected here'
    case 'unrecognized_keys':
      return 'holds a field that is not known here'
    case 'invalid_key':
      return 'has a name that is not allowed'
    default:
      return 'is not a value that fits here'
  }
}

export function badInput(error: z.ZodError): AppError {
  const first = error.issues[0]
  if (!first) return new AppError('bad_input', 'The request does not fit.')
  const path = fieldPath(first.path)
  const message = path === '' ? `The request ${complaint(first)}.` : `The field "${path}" ${complaint(first)}.`
  return new AppError('bad_input', message, {
    hint: 'Correct this field and try again.',
    details: { field: path },
  })
}
