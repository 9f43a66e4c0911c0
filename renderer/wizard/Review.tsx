// The review of a wizard: from and into, the preflight with its fixes, the exact commands, and what will be written.
import type { ReactNode } from 'react'
import type { CommandPreview } from '../../shared/contracts/dump'
import type { PreflightFix, PreflightRow } from '../../shared/model/preflight'
import { Card } from '../components/Card'
import { CommandList } from '../components/CommandBlock'
import { ErrorNote, Loading } from '../components/Feedback'
import { Icon } from '../components/Icon'
import { PreflightTable } from '../components/PreflightTable'
import type { Asked } from './useAsk'
import { WrittenCard, type WrittenCardProps } from './WrittenCard'

export interface Side {
  /** "From", "Into a new database, from template0" */
  head: string
  what: ReactNode
  detail: ReactNode
}

export interface ReviewProps {
  from: Side
  into: Side
  preview: Asked<CommandPreview>
  onFix: (fix: PreflightFix, row: PreflightRow) => void
  /** What a fix brought about, or why it failed. */
  notice?: ReactNode
  /** Below what the core says will be written. */
  promise: WrittenCardProps['promise']
  waiting: boolean
  /** Below the preflight: first rows. */
  children?: ReactNode
}

function SideText({ side }: { side: Side }) {
  return (
    <div>
      <div className="sm t3">{side.head}</div>
      <div className="what">{side.what}</div>
      <div className="sm t2" style={{ marginTop: 2 }}>
        {side.detail}
      </div>
    </div>
  )
}

export function Review({ from, into, preview, onFix, notice, promise, waiting, children }: ReviewProps) {
  const { data, error, busy, again } = preview
  return (
    <div className="wz-cols review">
      <div className="wz-col scroll">
        <Card className="fromto" label="From and into">
          <SideText side={from} />
          <Icon name="right" size={20} className="acc" />
          <SideText side={into} />
        </Card>
        {error && <ErrorNote error={error} onRetry={again} />}
        {notice}
        {data ? (
          <PreflightTable
            rows={data.preflight}
            checkedAt={data.checkedAt}
            busy={busy || waiting}
            onCheckAgain={again}
            onFix={onFix}
          />
        ) : (
          busy && (
            <Card title="Preflight">
              <Loading>Checking…</Loading>
            </Card>
          )
        )}
        {children}
      </div>
      <div className="wz-col">
        <div className="cmdwrap">
          <CommandList commands={data?.commands ?? []} width={50} />
        </div>
        <WrittenCard writes={data?.writes ?? []} promise={promise} />
      </div>
    </div>
  )
}
