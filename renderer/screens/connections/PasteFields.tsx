// Fills the form from what one has at hand: a URL or key=value string, a service, a local socket.
import { useEffect, useState } from 'react'
import type { z } from 'zod'
import type { contracts } from '../../../shared/contracts'
import { Button } from '../../components/Button'
import { Note } from '../../components/Feedback'
import { SelectField, TextField } from '../../components/fields'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { type ConnectionForm, withSettings } from './form'

type Sources = z.infer<typeof contracts.connections.methods.sources.output>

interface PasteFieldsProps {
  form: ConnectionForm
  onChange: (form: ConnectionForm) => void
}

export function PasteFields({ form, onChange }: PasteFieldsProps) {
  const [text, setText] = useState('')
  const [said, setSaid] = useState('')
  const [error, setError] = useState<ShownError | null>(null)
  const [sources, setSources] = useState<Sources | null>(null)
  useEffect(() => {
    api.connections.sources({}).then(setSources, () => setSources(null)) // only a help; the form works without it
  }, [])

  const parse = async () => {
    try {
      const { settings, hasPassword, ignored } = await api.connections.parse({ text })
      onChange(withSettings(form, settings))
      setText('') // it may hold a password
      setError(null)
      setSaid(
        [
          'Filled in below.',
          hasPassword ? 'Its password was not taken over: type it below.' : '',
          ignored.length > 0 ? `Left out: ${ignored.join(', ')}.` : '',
        ]
          .filter((part) => part !== '')
          .join(' '),
      )
    } catch (cause) {
      setError(shownError(cause))
      setSaid('')
    }
  }
  const choose = (value: string) => {
    const [kind, index] = value.split(' ')
    const service = kind === 'service' ? sources?.services[Number(index)] : undefined
    const socket = kind === 'socket' ? sources?.sockets[Number(index)] : undefined
    if (service) onChange(withSettings(form, { ...service.settings, service: service.name }))
    if (socket) onChange(withSettings(form, { host: socket.folder, port: socket.port }))
    if (service || socket) setSaid('Filled in below.')
  }
  const choices = [
    ...(sources?.services.map((service, index) => ({ value: `service ${index}`, label: `Service ${service.name}` })) ?? []),
    ...(sources?.sockets.map((socket, index) => ({
      value: `socket ${index}`,
      label: `On this machine: ${socket.folder}, port ${socket.port}`,
    })) ?? []),
  ]
  return (
    <fieldset className="form-group">
      <legend>From what you have</legend>
      <div className="form-grid">
        <TextField
          className="span4"
          label="URL or key=value string"
          value={text}
          onChange={setText}
          mono
          placeholder="postgresql://user@host:5432/database"
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return
            event.preventDefault()
            if (text.trim() !== '') void parse()
          }}
          end={
            <span style={{ marginRight: -6 }}>
              <Button size="xs" disabled={text.trim() === ''} onClick={() => void parse()}>
                Read
              </Button>
            </span>
          }
        />
        <SelectField
          className="span2"
          label="Or choose"
          value=""
          onChange={choose}
          disabled={choices.length === 0}
          options={[
            { value: '', label: choices.length === 0 ? 'no service or socket found' : 'a service or socket…' },
            ...choices,
          ]}
        />
      </div>
      {error && <Note tone="blocker">{`${error.message} ${error.hint}`}</Note>}
      <span className="t2 sm" role="status">
        {said}
      </span>
    </fieldset>
  )
}
