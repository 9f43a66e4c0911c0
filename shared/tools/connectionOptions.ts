// The rows that say how to reach the server, as every client program spells them.
import type { ToolOption } from './defineTool'

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
