// How the connection is encrypted and how far the server is checked.
import { sslModes } from '../../../shared/model/connection'
import { SelectField } from '../../components/fields'
import { PathField } from '../../components/PathField'
import { type ConnectionForm, sslModeWords } from './form'

export function TlsFields({ form, onChange }: { form: ConnectionForm; onChange: (form: ConnectionForm) => void }) {
  const { settings } = form
  const set = (change: Partial<ConnectionForm['settings']>) => onChange({ ...form, settings: { ...settings, ...change } })
  const off = settings.sslmode === 'disable'
  return (
    <fieldset className="form-group">
      <legend>TLS</legend>
      <div className="form-grid">
        <SelectField
          className="span6"
          label="Mode"
          value={settings.sslmode}
          onChange={(sslmode) => set({ sslmode })}
          options={sslModes.map((value) => ({ value, label: sslModeWords[value].label }))}
          help={sslModeWords[settings.sslmode].help}
        />
        {!off && (
          <>
            <PathField
              className="span6"
              want="file"
              label="CA certificate"
              value={settings.sslrootcert}
              onChange={(sslrootcert) => set({ sslrootcert })}
              placeholder="~/.postgresql/root.crt"
            />
            <PathField
              className="span3"
              want="file"
              label="Client certificate"
              value={settings.sslcert}
              onChange={(sslcert) => set({ sslcert })}
              placeholder="none"
            />
            <PathField
              className="span3"
              want="file"
              label="Client key"
              value={settings.sslkey}
              onChange={(sslkey) => set({ sslkey })}
              placeholder="none"
            />
          </>
        )}
      </div>
    </fieldset>
  )
}
