// The draft of a recovery to a moment: which cluster and archive, the wish, where it goes, and how they become a request.
import { z } from 'zod'
import type { StandaloneRequest } from '../../../shared/contracts/recovery'
import { type Moments, type PointRequest, type PointRunRequest, pointRunRequest } from '../../../shared/contracts/recoveryPoint'
import { walTime } from '../../../shared/model/archiveIndex'
import { parseLsn } from '../../../shared/model/lsn'
import { type RecoveryWish, recoveryWish, targetActions } from '../../../shared/model/recoveryWish'
import { reachOf } from '../../timeline/reach'
import {
  emptyPlacement,
  placement,
  placementOf,
  placementProblem,
  placementRequest,
  type RecoveryBase,
} from '../recovery/placement'

export const pointSteps = ['source', 'moment', 'destination', 'options', 'review'] as const
export type PointStep = (typeof pointSteps)[number]

export const targetKinds = ['time', 'lsn', 'xid', 'name', 'end', 'immediate'] as const
export type TargetKind = (typeof targetKinds)[number]

export const pointDraft = placement.extend({
  step: z.enum(pointSteps),
  /** Of the cluster; '' while none is chosen. */
  systemIdentifier: z.string().max(40),
  /** '' for the archive that reaches furthest. */
  archiveId: z.string().max(100),
  /** Data directory of the dead cluster whose WAL is salvaged; '' for none. */
  salvage: z.string().max(4096).default(''),
  /** Data directory of a dead cluster that is named to look for WAL in; null: none is. */
  dead: z.string().max(4096).nullable().default(null),
  /** The folder of the base backup to begin with; null for the one with the least to replay. */
  backup: z.string().max(4096).nullable(),
  target: z.enum(targetKinds),
  /** null: the last moment that can be reached. */
  time: walTime.nullable(),
  lsn: z.string().max(40),
  xid: z.string().max(20),
  name: z.string().max(63),
  /** null: the one that leads to the latest commit. */
  timeline: z.int().nullable(),
  inclusive: z.boolean(),
  action: z.enum(targetActions),
})

export type PointDraft = z.infer<typeof pointDraft>

export const emptyPointDraft: PointDraft = {
  ...emptyPlacement,
  step: 'source',
  systemIdentifier: '',
  archiveId: '',
  salvage: '',
  dead: null,
  backup: null,
  target: 'time',
  ...{ time: null, lsn: '', xid: '', name: '', timeline: null },
  inclusive: true,
  action: 'pause',
}

/** Another cluster or archive has moments of its own. */
export function chooseCluster(draft: PointDraft, systemIdentifier: string, archiveId = ''): PointDraft {
  if (draft.systemIdentifier === systemIdentifier && draft.archiveId === archiveId) return draft
  const { verify, action } = draft
  return { ...emptyPointDraft, systemIdentifier, archiveId, verify, action }
}

/** Of a link to a backup's own moment. */
export function immediateDraft(
  systemIdentifier: string,
  archiveId: string,
  rest: Pick<PointDraft, 'backup' | 'timeline'>,
): PointDraft {
  return { ...emptyPointDraft, ...rest, systemIdentifier, archiveId, target: 'immediate', step: 'review' }
}

export function timelineOf(draft: PointDraft, moments: Moments): number {
  const known = moments.lanes.some(({ timeline }) => timeline === draft.timeline)
  return (known ? draft.timeline : null) ?? moments.mainTimeline ?? moments.lanes[0]?.timeline ?? 1
}

/** The time that the cursor begins at: the last that can be reached along the timeline. */
export function timeOf(draft: PointDraft, moments: Moments): number | undefined {
  const timeline = timelineOf(draft, moments)
  return draft.time ?? reachOf(moments.lanes.find((lane) => lane.timeline === timeline)).at(-1)?.to
}

/** Why what is typed is no target, in words; '' when it is one. */
export function targetProblem(draft: PointDraft, moments: Moments): string {
  if (draft.target === 'time') {
    return timeOf(draft, moments) === undefined ? 'No moment can be reached by time: choose another target' : ''
  }
  if (draft.target === 'lsn') {
    if (draft.lsn === '') return 'Type a position in the WAL'
    return parseLsn(draft.lsn) === undefined ? 'A position looks like 1B/26A2C4E0' : ''
  }
  if (draft.target === 'xid') {
    const xid = Number(draft.xid)
    if (draft.xid === '') return 'Type the number of a transaction'
    return Number.isInteger(xid) && xid >= 3 && xid <= 0xffff_ffff ? '' : 'A transaction is a number from 3 to 4294967295'
  }
  return draft.target === 'name' && draft.name === '' ? 'Choose a restore point' : ''
}

/** The end of the WAL is no target that anything could wait at: the cluster is promoted there. */
export function actionOf({ target, action }: Pick<PointDraft, 'target' | 'action'>): PointDraft['action'] {
  return target === 'end' ? 'promote' : action
}

export function wishOf(draft: PointDraft, moments: Moments): RecoveryWish | undefined {
  if (targetProblem(draft, moments) !== '') return undefined
  const how = { timeline: timelineOf(draft, moments), inclusive: draft.inclusive, action: actionOf(draft) }
  const value = {
    time: timeOf(draft, moments),
    lsn: draft.lsn.toUpperCase(),
    xid: Number(draft.xid),
    name: draft.name,
    ...{ end: undefined, immediate: undefined },
  }[draft.target]
  const parsed = recoveryWish.safeParse({ kind: draft.target, ...(value === undefined ? {} : { value }), ...how })
  return parsed.data
}

/** A wish that the core offers, taken over. */
export function takeWish(draft: PointDraft, wish: RecoveryWish): PointDraft {
  const { kind, timeline, inclusive, action } = wish
  return {
    ...{ ...draft, target: kind, timeline, inclusive, action },
    time: wish.kind === 'time' ? wish.value : draft.time,
    lsn: wish.kind === 'lsn' ? wish.value : draft.lsn,
    xid: wish.kind === 'xid' ? String(wish.value) : draft.xid,
    name: wish.kind === 'name' ? wish.value : draft.name,
  }
}

export function pointRequestOf(draft: PointDraft, moments: Moments | undefined): PointRequest | undefined {
  const wish = moments && wishOf(draft, moments)
  const { backup, salvage } = draft
  return wish && { archiveId: moments.archiveId, backup, wish, ...(salvage === '' ? {} : { salvage }) }
}

export interface PointState {
  moments: Moments | undefined
  /** The plan answers the wish of now, and nothing stands in its way. */
  planned: 'yes' | 'waiting' | 'blocked'
  /** Of the fields that are being typed in. */
  typed: string
  base: RecoveryBase | undefined
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function pointStepProblem(draft: PointDraft, state: PointState, step: PointStep): string {
  const { moments, planned, typed, base } = state
  if (draft.systemIdentifier === '' && draft.archiveId === '') return 'Choose a cluster first'
  if (moments === undefined) return 'Looking at the backups and the archive…'
  if (step === 'source') {
    return moments.lanes.some(({ reach }) => reach.length > 0)
      ? ''
      : 'No moment can be reached from its backups with this archive'
  }
  const wrong = typed || targetProblem(draft, moments)
  if (wrong !== '') return wrong
  if (planned !== 'yes') return planned === 'waiting' ? 'Planning…' : 'This moment can not be reached'
  if (step === 'moment') return ''
  return placementProblem(draft, base, step === 'destination' ? 'destination' : 'options')
}

export function reachablePointStep(draft: PointDraft, state: PointState, wanted: PointStep): PointStep {
  for (const step of pointSteps.slice(0, pointSteps.indexOf(wanted))) {
    if (pointStepProblem(draft, state, step) !== '') return step
  }
  return wanted
}

export function pointRunRequestOf(
  draft: PointDraft,
  state: PointState,
  confirm: StandaloneRequest['confirm'],
): PointRunRequest | undefined {
  const point = pointRequestOf(draft, state.moments)
  if (point === undefined || state.base === undefined || pointStepProblem(draft, state, 'options') !== '') return undefined
  return { point, ...placementRequest(draft, state.base, confirm) }
}

/** A past job's request as a draft, to edit and run; undefined when it is not one. */
export function draftOfPointJob(input: unknown): PointDraft | undefined {
  const parsed = pointRunRequest.safeParse(input)
  if (!parsed.success) return undefined
  const { point, ...rest } = parsed.data
  const draft = { ...emptyPointDraft, ...placementOf(rest), archiveId: point.archiveId }
  return { ...takeWish(draft, point.wish), backup: point.backup, salvage: point.salvage ?? '', step: 'review' }
}
