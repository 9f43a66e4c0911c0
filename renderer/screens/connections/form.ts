// What the connection dialog holds while it is edited, and what that becomes for the core. Pure.
import type { z } from 'zod'
import type { contracts } from '../../../shared/contracts'
import { type ConnectionSettings, emptyConnectionSettings, type SavedConnection } from '../../../shared/model/connection'
import type { ConnectionColour } from '../../theme/connectionColours'

export interface ConnectionForm {
  label: string
  colour: ConnectionColour
  readOnly: boolean
  settings: ConnectionSettings
  /** As typed, so that a half-typed port is kept. */
  port: string
  /** Never prefilled: '' with `clearPassword` false keeps what is stored. */
  password: string
  remember: boolean
  clearPassword: boolean
}

export type PasswordInput = z.input<typeof contracts.connections.methods.save.input>['password']

export function formOf(connection: SavedConnection | null): ConnectionForm {
  const settings = connection?.settings ?? emptyConnectionSettings
  return {
    label: connection?.label ?? '',
    colour: connection?.colour ?? 'slate',
    readOnly: connection?.readOnly ?? false,
    settings,
    port: settings.port === null ? '' : String(settings.port),
    password: '',
    remember: connection?.password === 'encrypted',
    clearPassword: false,
  }
}

export function portProblem(port: string): string | undefined {
  const text = port.trim()
  if (text === '') return undefined
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return value >= 1 && value <= 65535 ? undefined : 'A port is a number from 1 to 65535.'
}

export function settingsOf(form: ConnectionForm): ConnectionSettings {
  const port = form.port.trim()
  return { ...form.settings, port: port === '' ? null : Number(port) }
}

export function passwordOf(form: ConnectionForm): PasswordInput {
  if (form.password !== '') return { kind: 'set', password: form.password, remember: form.remember }
  return form.clearPassword ? { kind: 'none' } : { kind: 'keep' }
}

/** What a person would call it who does not care to: `db1`, `db1 5433`, `127.0.0.1 5433`, `local`. */
export function suggestedLabel(settings: ConnectionSettings): string {
  const { host, port, service } = settings
  if (service !== '' && host === '') return service
  const local = host === '' || host.startsWith('/') || host.startsWith('@')
  const address = /^[\d.]+$/.test(host) || host.includes(':')
  const name = local ? 'local' : address ? host : (host.split('.')[0] ?? host)
  return port === null || port === 5432 ? name : `${name} ${port}`
}

export function isChanged(form: ConnectionForm, start: ConnectionForm): boolean {
  return JSON.stringify(form) !== JSON.stringify(start)
}

/** Fills in what was found and leaves the rest; a URL's own values count even where they are empty. */
export function withSettings(form: ConnectionForm, settings: Partial<ConnectionSettings>): ConnectionForm {
  const next = { ...form.settings, ...settings }
  return { ...form, settings: next, port: next.port === null ? '' : String(next.port) }
}

export const sslModeWords: Readonly<Record<ConnectionSettings['sslmode'], { label: string; help: string }>> = {
  disable: {
    label: 'disable: never encrypted',
    help: 'Everything, the rows too, travels in the clear. For this machine or a tunnel.',
  },
  allow: { label: 'allow: encrypted only if it must be', help: 'In the clear unless the server insists on TLS.' },
  prefer: {
    label: 'prefer: encrypted if it can be',
    help: 'TLS where the server has it, else in the clear; the server is not checked.',
  },
  require: { label: 'require: always encrypted', help: 'No connection without TLS. It is not checked who the server is.' },
  'verify-ca': { label: 'verify-ca: encrypted, its CA checked', help: 'The server’s certificate must come from the CA below.' },
  'verify-full': {
    label: 'verify-full: encrypted, CA and name checked',
    help: 'The certificate must come from the CA below and carry this host name. The only mode that is sure of the server.',
  },
}
