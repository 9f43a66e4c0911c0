// A systemd unit that runs pg_receivewal without Walkback: quoted for systemd, and without a password.
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ownAccount } from '../../../process/runAs'
import type { ResolvedConnection } from '../../../services'
import type { StreamArchive } from './runStream'

/** One word of ExecStart as systemd reads it back: specifiers and variables are not replaced, quotes and spaces are kept (systemd.service). */
export function quoteForSystemd(word: string): string {
  const escaped = escapeValue(word).replaceAll('$', '$$$$')
  return /^[A-Za-z0-9_@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped}"`
}

/** `$` has no meaning in Environment=, which is always quoted. */
function assignment(name: string, value: string): string {
  return `Environment="${name}=${escapeValue(value)}"`
}

function escapeValue(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('%', '%%')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
}

export interface SystemdUnit {
  name: string
  text: string
  notes: string[]
}

export function systemdUnit(
  archive: StreamArchive,
  connection: ResolvedConnection,
  program: string,
  argv: readonly string[],
): SystemdUnit {
  const { settings } = connection
  const account = ownAccount()
  const passfile = settings.passfile || join(homedir(), '.pgpass')
  const given = (name: string, value: string) => (value === '' ? [] : [assignment(name, value)])
  const name = `walkback-wal-${archive.stream.slot.replace(/^walkback_/, '').replaceAll('_', '-')}.service`
  const text = [
    '[Unit]',
    `Description=WAL archive of ${oneLine(archive.label).replaceAll('%', '%%')} (pg_receivewal)`,
    'Wants=network-online.target',
    'After=network-online.target',
    '# Tried again for ever: the slot keeps what has not been received.',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=exec',
    `User=${account.name}`,
    'UMask=0077',
    '# The password is in this file, never here.',
    assignment('PGPASSFILE', passfile),
    assignment('PGSSLMODE', settings.sslmode),
    ...given('PGSSLROOTCERT', settings.sslrootcert),
    ...given('PGSSLCERT', settings.sslcert),
    ...given('PGSSLKEY', settings.sslkey),
    assignment('PGAPPNAME', 'walkback'),
    `ExecStart=${[program, ...argv].map(quoteForSystemd).join(' ')}`,
    'KillSignal=SIGINT',
    'Restart=always',
    'RestartSec=5',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n')
  const host = settings.host.startsWith('/') || settings.host === '' ? 'localhost' : settings.host
  return {
    name,
    text,
    notes: [
      `Save it as /etc/systemd/system/${name}, then: systemctl daemon-reload && systemctl enable --now ${name}`,
      `${passfile} needs a line for replication, and mode 0600: ${host}:${settings.port}:replication:${settings.user}:PASSWORD`,
      'Stop the stream here first: two receivers can not share a slot.',
      `It runs as ${account.name}, the account that owns ${archive.folder}.`,
    ],
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
