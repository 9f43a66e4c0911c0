// Adds or edits a server: how to reach it, its name and colour, whether anything may be written to it; and a test.
import { useEffect, useRef, useState } from 'react'
import type { z } from 'zod'
import type { testResult } from '../../../shared/contracts/connections'
import type { SavedConnection } from '../../../shared/model/connection'
import { Button } from '../../components/Button'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import { Dialog } from '../../components/Dialog'
import { ErrorNote } from '../../components/Feedback'
import { isCancelled, type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { loadConnections, selectConnection, showConnectionDialog } from '../../stores/connections'
import { forgetServer, loadServer } from '../../stores/server'
import { formOf, isChanged, passwordOf, portProblem, settingsOf, suggestedLabel } from './form'
import { LookFields } from './LookFields'
import { PasteFields } from './PasteFields'
import { ServerFields } from './ServerFields'
import { TestOutcome } from './TestOutcome'
import { TlsFields } from './TlsFields'
import './connections.css'

export type TestResult = z.infer<typeof testResult>

export function ConnectionDialog({ connection }: { connection: SavedConnection | null }) {
  const [start] = useState(() => formOf(connection))
  const [form, setForm] = useState(start)
  const [busy, setBusy] = useState<'test' | 'save' | null>(null)
  const [result, setResult] = useState<TestResult | null>(null)
  const [error, setError] = useState<ShownError | null>(null)
  const [leaving, setLeaving] = useState(false)
  const testing = useRef<AbortController | null>(null)
  useEffect(() => () => testing.current?.abort(), [])
  useEffect(() => setResult(null), [form.settings, form.port, form.password])

  const close = () => showConnectionDialog(null)
  const leave = () => (isChanged(form, start) ? setLeaving(true) : close())
  const invalid = portProblem(form.port) !== undefined
  const id = connection?.id ?? null

  const test = async () => {
    const controller = new AbortController()
    testing.current = controller
    setBusy('test')
    setError(null)
    setResult(null)
    try {
      setResult(
        await api.connections.test({ id, settings: settingsOf(form), password: passwordOf(form) }, { signal: controller.signal }),
      )
    } catch (cause) {
      if (!isCancelled(cause)) setError(shownError(cause))
    } finally {
      setBusy(null)
    }
  }
  const save = async () => {
    if (invalid || busy !== null) return
    setBusy('save')
    setError(null)
    const settings = settingsOf(form)
    try {
      const label = form.label.trim() === '' ? suggestedLabel(settings) : form.label.trim()
      const saved = await api.connections.save({
        id,
        label,
        colour: form.colour,
        readOnly: form.readOnly,
        settings,
        password: passwordOf(form),
      })
      await loadConnections()
      forgetServer(saved.id)
      selectConnection(saved.id)
      void loadServer(saved.id)
      close()
    } catch (cause) {
      setError(shownError(cause))
      setBusy(null)
    }
  }
  return (
    <>
      <Dialog
        open
        width={760}
        title={connection === null ? 'Add a server' : `Edit ${connection.label}`}
        onClose={leave}
        onSubmit={() => void save()}
        actions={
          <>
            <Button onClick={() => void test()} busy={busy === 'test'} disabled={invalid || busy === 'save'} icon="plug">
              Test
            </Button>
            <Button onClick={leave}>Cancel</Button>
            <Button kind="primary" type="submit" disabled={invalid || busy === 'test'} busy={busy === 'save'}>
              {connection === null ? 'Add server' : 'Save'}
            </Button>
          </>
        }
        footNote={invalid ? portProblem(form.port) : busy === 'test' ? 'Trying to connect…' : undefined}
      >
        <div className="connection-form">
          {connection === null && <PasteFields form={form} onChange={setForm} />}
          <ServerFields form={form} onChange={setForm} stored={connection?.password ?? 'none'} />
          <TlsFields form={form} onChange={setForm} />
          <LookFields form={form} onChange={setForm} suggested={suggestedLabel(settingsOf(form))} />
          {result && <TestOutcome result={result} />}
          {error && <ErrorNote error={error} />}
        </div>
      </Dialog>
      <ConfirmDialog
        open={leaving}
        title="Leave without saving?"
        action="Leave"
        cancelLabel="Go on editing"
        destructive={false}
        onConfirm={close}
        onClose={() => setLeaving(false)}
      >
        What you changed here is not saved yet.
      </ConfirmDialog>
    </>
  )
}
