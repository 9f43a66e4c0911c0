// What a test of a connection found: the server's own facts, or what failed in plain words.
import { useEffect, useRef } from 'react'
import { Note } from '../../components/Feedback'
import { KeyValues } from '../../components/KeyValues'
import { roleAttributes } from '../Overview/ReadinessCard'
import type { TestResult } from './ConnectionDialog'

/** The form is longer than the dialog, so the answer comes into view by itself. */
export function TestOutcome({ result }: { result: TestResult }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    box.current?.scrollIntoView({ block: 'nearest' })
  }, [result])
  return (
    <div ref={box} role="status" className="test-outcome">
      <Found result={result} />
    </div>
  )
}

function Found({ result }: { result: TestResult }) {
  if (!result.ok) {
    return (
      <Note tone="blocker">
        <div className="m">{result.message}</div>
        <div className="t2">{result.hint}</div>
        {result.original !== '' && <pre className="code original">{result.original}</pre>}
      </Note>
    )
  }
  const { facts } = result
  return (
    <Note tone="pass">
      <div className="m">Connected: PostgreSQL {facts.versionText}</div>
      <KeyValues
        labelWidth={120}
        rows={[
          { label: 'Role', value: `${facts.role.name}, ${roleAttributes(facts.role)}` },
          { label: 'Encryption', value: facts.encrypted ? 'yes, TLS' : 'no' },
          {
            label: 'System identifier',
            value: facts.systemIdentifier ?? 'not known to this role',
            mono: facts.systemIdentifier !== null,
          },
          {
            label: 'Data directory',
            value: facts.dataDirectory ?? 'not known to this role',
            mono: facts.dataDirectory !== null,
          },
          { label: 'State', value: facts.inRecovery ? 'in recovery (a standby)' : 'takes writes' },
          { label: 'Round trip', value: `${facts.roundTripMs.toFixed(1)} ms` },
        ]}
      />
    </Note>
  )
}
