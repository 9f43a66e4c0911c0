// Step 4: everything once more: checks, files as they will be written, what gets another name, and the typed confirmation.
import { type ReactNode, useState } from 'react'
import type { RecoveryDanger, StandalonePreview, StandaloneRequest } from '../../../../shared/contracts/recovery'
import type { PreflightFix } from '../../../../shared/model/preflight'
import { Card } from '../../../components/Card'
import { CopyButton } from '../../../components/CopyButton'
import { ErrorNote } from '../../../components/Feedback'
import { TextField } from '../../../components/fields'
import { KeyValues } from '../../../components/KeyValues'
import type { ShownError } from '../../../format/errors'
import { Review, type Side } from '../../../wizard/Review'
import type { Asked } from '../../../wizard/useAsk'
import { otherPortOf, portOf } from '../placement'
import type { PlacementStepProps } from '../placementSteps'
import { targetIn } from '../useTarget'

export interface ReviewStepProps extends Omit<PlacementStepProps, 'facts' | 'proof'> {
  from: Side
  /** The wizard's own steps, that a fix may lead back to. */
  onGoTo: (step: string) => void
  preview: Asked<StandalonePreview>
  confirm: StandaloneRequest['confirm']
  onConfirm: (confirm: StandaloneRequest['confirm']) => void
  startError: ShownError | null
  starting: boolean
  /** Before the checks: what this recovery shows besides. */
  children?: ReactNode
}

export function ReviewStep(props: ReviewStepProps) {
  const { draft, setDraft, from, prepared, other, preview, onConfirm, onGoTo, startError, starting, children } = props
  const base = prepared.data
  if (!base) return null
  const target = targetIn(draft, base, other.data)
  const port = otherPortOf(draft, { other: other.data })
  const onFix = ({ action }: PreflightFix) => {
    if (action.kind === 'go-to-step') onGoTo(action.step)
    else if (action.kind === 'set-option' && action.key === 'verify') setDraft({ ...draft, verify: action.value === true })
  }
  const renames = preview.data?.renames ?? []
  return (
    <Review
      from={from}
      into={
        draft.kind === 'new'
          ? {
              head: 'Into a new cluster',
              what: <span className="mono wrap">{draft.folder ?? base.defaults.folder}</span>,
              detail: `on ${base.hostname}, port ${portOf(draft, base) ?? ''}`,
            }
          : {
              head: 'In the place of',
              what: target?.name ?? draft.cluster,
              detail: (
                <>
                  <span className="mono wrap">{target?.dataDirectory ?? draft.cluster}</span>
                  {draft.other !== null && port != null && `, port ${port}`}
                </>
              ),
            }
      }
      preview={preview}
      onFix={onFix}
      notice={
        <>
          {startError && <ErrorNote error={startError} />}
          {preview.data?.danger && <ConfirmCard danger={preview.data.danger} onConfirm={onConfirm} />}
          {children}
        </>
      }
      promise={
        renames.length > 0
          ? { icon: 'warn', text: 'The data directory that is there gets another name and stays whole', safe: false }
          : { icon: 'lock', text: 'The backup is only read, and no cluster that is there is touched', safe: true }
      }
      waiting={starting}
    >
      {preview.data && <Files preview={preview.data} />}
    </Review>
  )
}

function ConfirmCard({ danger, onConfirm }: { danger: RecoveryDanger; onConfirm: ReviewStepProps['onConfirm'] }) {
  const [typed, setTyped] = useState('')
  const { name, host, port, systemIdentifier, dataDirectory, keptAs } = danger
  const change = (text: string) => {
    setTyped(text)
    onConfirm(text === name ? { name, systemIdentifier } : null)
  }
  return (
    <Card title={`Take the place of ${name}?`} padded>
      <div className="col g8">
        <div className="t2">Its data directory gets another name and is kept whole. Delete it yourself once you are sure.</div>
        <KeyValues
          labelWidth={128}
          rows={[
            { label: 'Server', value: `${host}${port === null ? '' : `:${port}`}`, mono: true },
            { label: 'System identifier', value: systemIdentifier, mono: true },
            { label: 'Data directory', value: dataDirectory, mono: true },
            { label: 'Kept as', value: keptAs, mono: true },
          ]}
        />
        <TextField
          label={
            <>
              Type the cluster’s name, <span className="mono b">{name}</span>, to go on
            </>
          }
          value={typed}
          onChange={change}
          mono
        />
      </div>
    </Card>
  )
}

function Files({ preview: { files, script } }: { preview: StandalonePreview }) {
  return (
    <>
      {files.map(({ path, text, added }) => (
        <Card
          key={path}
          title={path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)}
          note={added ? 'added at its end' : 'written'}
          actions={<CopyButton text={text}>Copy</CopyButton>}
        >
          <pre className="code bare">{text}</pre>
        </Card>
      ))}
      {script !== null && (
        <Card
          title="As a shell script"
          note="for a machine without Walkback"
          actions={<CopyButton text={script}>Copy</CopyButton>}
        >
          <pre
            className="code bare"
            style={{ maxHeight: 240, overflow: 'auto' }}
            tabIndex={0}
            role="region"
            aria-label="Shell script"
          >
            {script}
          </pre>
        </Card>
      )}
    </>
  )
}
