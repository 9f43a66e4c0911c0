// Host, port, database, user and password of a server.
import { useEffect, useState } from 'react'
import type { SavedConnection } from '../../../shared/model/connection'
import { TextField, Tick } from '../../components/fields'
import { api } from '../../rpc/api'
import { type ConnectionForm, portProblem } from './form'

interface ServerFieldsProps {
  form: ConnectionForm
  onChange: (form: ConnectionForm) => void
  /** Where a password is kept for this server now. */
  stored: SavedConnection['password']
}

const storedWords = {
  none: 'None kept: .pgpass is looked in.',
  memory: 'One is kept until Walkback ends. Leave empty to keep it.',
  encrypted: 'One is kept, encrypted by the system. Leave empty to keep it.',
} as const

export function ServerFields({ form, onChange, stored }: ServerFieldsProps) {
  const [storage, setStorage] = useState<{ canRemember: boolean; reason: string }>({ canRemember: false, reason: '' })
  useEffect(() => {
    api.connections.secretStorage({}).then(setStorage, () => undefined) // then it can't be remembered, which is the safe way
  }, [])
  const { settings } = form
  const set = (change: Partial<ConnectionForm['settings']>) => onChange({ ...form, settings: { ...settings, ...change } })
  const local = settings.host.startsWith('/') || settings.host.startsWith('@')
  return (
    <fieldset className="form-group">
      <legend>Server</legend>
      <div className="form-grid">
        <TextField
          className="span4"
          label="Host"
          value={settings.host}
          onChange={(host) => set({ host })}
          mono
          placeholder={settings.service === '' ? 'localhost' : `as service ${settings.service} says`}
          help={local ? 'The folder of a unix socket.' : 'A name, an address, or the folder of a unix socket.'}
        />
        <TextField
          className="span2"
          label="Port"
          value={form.port}
          onChange={(port) => onChange({ ...form, port })}
          mono
          inputMode="numeric"
          placeholder="5432"
          problem={portProblem(form.port)}
        />
        <TextField
          className="span3"
          label="Database"
          value={settings.database}
          onChange={(database) => set({ database })}
          mono
          placeholder="postgres"
          help="The one to connect to first; all others are found from there."
        />
        <TextField
          className="span3"
          label="User"
          value={settings.user}
          onChange={(user) => set({ user })}
          mono
          placeholder="as libpq would take it"
        />
        <TextField
          className="span3"
          label="Password"
          type="password"
          autoComplete="new-password"
          value={form.password}
          disabled={form.clearPassword}
          onChange={(password) => onChange({ ...form, password })}
          help={form.clearPassword ? 'The kept one is forgotten on saving.' : storedWords[stored]}
        />
        <div className="span3 col g4 beside-field">
          <Tick
            checked={form.remember && storage.canRemember}
            onChange={(remember) => onChange({ ...form, remember })}
            disabled={!storage.canRemember || form.password === ''}
            help={storage.canRemember ? 'Encrypted by the system’s keyring.' : storage.reason}
          >
            Remember the password
          </Tick>
          {stored !== 'none' && (
            <Tick checked={form.clearPassword} onChange={(clearPassword) => onChange({ ...form, clearPassword, password: '' })}>
              Forget the kept password
            </Tick>
          )}
        </div>
        <TextField
          className="span3"
          label="Service"
          value={settings.service}
          onChange={(service) => set({ service })}
          mono
          help="A section of pg_service.conf; it fills what is empty here."
        />
        <TextField
          className="span3"
          label="Password file"
          value={settings.passfile}
          onChange={(passfile) => set({ passfile })}
          mono
          placeholder="~/.pgpass"
        />
      </div>
    </fieldset>
  )
}
