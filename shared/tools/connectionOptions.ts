// Rows and rules that several programs have in common: how to reach the server, sections, the key of \restrict.
import type { OptionValue, ToolOption } from './defineTool'

/** Host, port, user and no password prompt, as every client program spells them. */
export function connectionOptions(group: string): ToolOption[] {
  return [
    {
      key: 'host',
      flag: '--host',
      label: 'Host',
      help: 'Name, address or socket folder of the server.',
      value: { kind: 'text' },
      group,
      owned: true,
    },
    {
      key: 'port',
      flag: '--port',
      label: 'Port',
      help: 'Port the server listens on.',
      value: { kind: 'integer', min: 1, max: 65535 },
      group,
      owned: true,
    },
    {
      key: 'username',
      flag: '--username',
      label: 'User',
      help: 'Role to connect as.',
      value: { kind: 'text' },
      group,
      owned: true,
    },
    {
      key: 'noPassword',
      flag: '--no-password',
      label: 'Never ask for a password',
      help: 'The password comes from a private file instead of the keyboard.',
      value: { kind: 'flag' },
      group,
      owned: true,
    },
  ]
}

/** \restrict came with the releases of August 2025 (CVE-2025-8714), to every major supported then. */
export const restrictKeyMinors = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 } as const

export function restrictKeyProblem(value: OptionValue): string | undefined {
  return /^[A-Za-z0-9]+$/.test(String(value)) ? undefined : 'The key is made of letters and digits only.'
}

const sections = ['pre-data', 'data', 'post-data']

export function sectionsProblem(value: OptionValue): string | undefined {
  const unknown = typeof value === 'object' ? value.find((item) => !sections.includes(item)) : undefined
  return unknown === undefined ? undefined : `--section takes pre-data, data or post-data, not ${JSON.stringify(unknown)}.`
}

export function lockWaitProblem(value: OptionValue): string | undefined {
  if (/^\d+ ?(ms|s|min|h|d)?$/.test(String(value))) return undefined
  return 'A time such as 60s, 5min or 1h; a bare number is milliseconds.'
}
