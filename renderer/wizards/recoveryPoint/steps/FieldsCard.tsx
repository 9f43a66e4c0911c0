// The exact fields of a moment, in step with the cursor: target, date and time to the microsecond, zone, timeline, action.

import { useEffect, useState } from 'react'
import type { Moments } from '../../../../shared/contracts/recoveryPoint'
import { type TargetAction, targetActions } from '../../../../shared/model/recoveryWish'
import { Card } from '../../../components/Card'
import { SelectField, Switch, TextField } from '../../../components/fields'
import { Segmented } from '../../../components/Segmented'
import { momentText, readMoment, zoneChoices, zoneLabel } from '../../../format/zone'
import { useSettings } from '../../../stores/settings'
import { chooseZone, useZone } from '../../../stores/zone'
import { actionOf, type PointDraft, type TargetKind, targetProblem, timelineOf } from '../draft'
import type { PointStepProps } from '../Wizard'
import { GoTo } from './GoTo'
import { Verdict } from './Verdict'

const targets = [
  { value: 'time', label: 'Time' },
  { value: 'lsn', label: 'LSN' },
  { value: 'xid', label: 'Transaction' },
  { value: 'name', label: 'Restore point' },
  { value: 'end', label: 'End of WAL' },
  { value: 'immediate', label: 'Immediate' },
] as const satisfies readonly { value: TargetKind; label: string }[]

const actionWords: Readonly<Record<TargetAction, string>> = { pause: 'Pause', promote: 'Promote', shutdown: 'Shut down' }

interface Typed {
  date: string
  time: string
  /** The moment it stood for: when that is another by now, what was typed is out of date. */
  at: number | undefined
  zone: string
}

export interface FieldsCardProps extends PointStepProps {
  moments: Moments
  onTyped: (problem: string) => void
  /** Where what happens at the target is settled, and the accident is not searched: a drill. */
  bare?: boolean
  /** The card that searches the accident is on the page. */
  search?: boolean
}

export function FieldsCard({ draft, setDraft, facts, moments, onTyped, bare = false, search = true }: FieldsCardProps) {
  const { cursor, around, plan } = facts
  const [typed, setTyped] = useState<Typed | null>(null)
  const coreZone = useSettings((state) => state.host?.timeZone ?? '')
  const { target } = draft
  const zone = useZone()
  const now = cursor?.time
  const shown = now === undefined ? null : momentText(now, zone)
  const kept = typed !== null && target === 'time' && typed.at === now && typed.zone === zone ? typed : null
  const type = (change: Partial<Pick<Typed, 'date' | 'time'>>) => {
    const next = { date: kept?.date ?? shown?.date ?? '', time: kept?.time ?? shown?.time ?? '', ...change }
    const time = readMoment(next.date, next.time, zone)
    setTyped({ ...next, at: time ?? now, zone })
    if (time !== undefined) setDraft({ ...draft, time })
  }
  const unread = kept !== null && readMoment(kept.date, kept.time, zone) === undefined
  const typedProblem = unread ? 'A time looks like 09:14:32.500000, a date like 2026-11-22' : ''
  useEffect(() => onTyped(typedProblem), [onTyped, typedProblem])

  const before = around.data?.before ?? null
  const pinned = timelineOf(draft, moments)
  const here = moments.restorePoints.find((point) => point.time === now && point.timeline === pinned)
  /** Another kind of target begins with what the cursor stands on. */
  const choose = (next: TargetKind) =>
    setDraft({
      ...draft,
      target: next,
      lsn: next === 'lsn' ? (plan.data?.stopLsn ?? before?.lsn ?? draft.lsn) : draft.lsn,
      xid: next === 'xid' ? String(before?.xid ?? draft.xid) : draft.xid,
      name: next === 'name' ? (here?.name ?? (draft.name || (moments.restorePoints.at(-1)?.name ?? ''))) : draft.name,
      ...(next === 'time' && now !== undefined ? { time: now } : {}),
    })
  const names = [...new Set(moments.restorePoints.map(({ name }) => name))]
  const wrong = target === 'time' ? '' : targetProblem(draft, moments)
  const set = (change: Partial<PointDraft>) => setDraft({ ...draft, ...change })
  return (
    <Card label="Moment" className="pt-fields">
      <Segmented label="Target" value={target} onChange={choose} options={targets} />
      <div className="pt-row">
        <TextField
          label="Date"
          className="pt-date"
          value={kept?.date ?? shown?.date ?? ''}
          onChange={(date) => type({ date })}
          disabled={target !== 'time'}
        />
        <TextField
          label="Time, to the microsecond"
          className="pt-time"
          mono
          value={kept?.time ?? shown?.time ?? ''}
          onChange={(time) => type({ time })}
          disabled={target !== 'time'}
          aria-invalid={unread || undefined}
        />
        <SelectField
          label="Zone"
          className="sp"
          value={zone === '' ? (zoneChoices(coreZone)[0] ?? 'UTC') : zone}
          onChange={chooseZone}
          options={zoneOptions(zone, coreZone, now ?? 0)}
        />
        <SelectField
          label="Timeline"
          className="pt-short"
          value={String(pinned)}
          onChange={(timeline) => set({ timeline: Number(timeline) })}
          options={moments.lanes.map(({ timeline, stray }) => ({
            value: String(timeline),
            label: `${timeline}, ${timeline === pinned ? 'pinned' : stray ? 'stray' : 'earlier'}`,
          }))}
        />
      </div>
      <div className="pt-row">
        <TextField
          label="LSN"
          className="pt-date"
          mono
          value={target === 'lsn' ? draft.lsn : (plan.data?.stopLsn ?? before?.lsn ?? '')}
          onChange={(lsn) => set({ lsn: lsn.trim() })}
          disabled={target !== 'lsn'}
        />
        <TextField
          label="Transaction"
          className="pt-time"
          mono
          value={target === 'xid' ? draft.xid : String(before?.xid ?? '')}
          onChange={(xid) => set({ xid: xid.replace(/\D/g, '') })}
          disabled={target !== 'xid'}
          inputMode="numeric"
        />
        {target === 'name' && names.length > 0 ? (
          <SelectField
            label="Restore point"
            className="sp"
            value={draft.name}
            onChange={(name) => set({ name })}
            options={names.map((name) => ({ value: name, label: name }))}
          />
        ) : (
          <TextField
            label="Restore point"
            className="sp"
            value={here?.name ?? (names.length === 0 ? 'none in the archive' : 'none at this moment')}
            onChange={() => undefined}
            disabled
          />
        )}
        {!bare && (
          <SelectField
            label="At the target"
            className="pt-short"
            value={actionOf(draft)}
            disabled={target === 'end'}
            onChange={(action) => set({ action })}
            options={targetActions.map((action) => ({ value: action, label: actionWords[action] }))}
          />
        )}
      </div>
      <div className="pt-verdict">
        <Verdict {...{ plan, draft, setDraft }} wrong={typedProblem || wrong} />
        <Switch
          before
          checked={draft.inclusive}
          onChange={(inclusive) => set({ inclusive })}
          disabled={target === 'name' || target === 'end' || target === 'immediate'}
        >
          Inclusive
        </Switch>
      </div>
      <GoTo {...{ draft, setDraft, moments, bare, search }} />
    </Card>
  )
}

function zoneOptions(zone: string, coreZone: string, time: number) {
  const names = [...new Set([...zoneChoices(coreZone), ...(zone === '' ? [] : [zone])])]
  return names.map((name) => ({ value: name, label: zoneLabel(name, Math.floor(time / 1000)) }))
}
