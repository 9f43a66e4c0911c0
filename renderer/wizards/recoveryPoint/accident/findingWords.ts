// A finding in words: what happened, to how much, and what the cursor before it asks for.
import type { AccidentFinding, AccidentResult, FindingKind } from '../../../../shared/contracts/accident'
import type { RecoveryWish, TargetAction } from '../../../../shared/model/recoveryWish'
import type { Tone } from '../../../components/Chip'
import type { IconName } from '../../../components/Icon'
import { formatCount, plural } from '../../../format/numbers'
import type { AccidentFlag } from '../../../timeline/Accidents'

export const findingLook: Readonly<Record<FindingKind, { word: string; tone: Tone; icon: IconName }>> = {
  'database dropped': { word: 'Database dropped', tone: 'blocker', icon: 'block' },
  dropped: { word: 'Dropped', tone: 'blocker', icon: 'block' },
  truncated: { word: 'Truncated', tone: 'blocker', icon: 'block' },
  replaced: { word: 'Replaced', tone: 'warning', icon: 'warn' },
  deleted: { word: 'Deleted', tone: 'warning', icon: 'warn' },
  updated: { word: 'Updated', tone: 'neutral', icon: 'edit' },
  rewritten: { word: 'Rewritten', tone: 'neutral', icon: 'refresh' },
}

/** Nobody knows the table's name. */
const nameless = ({ tables, kind }: AccidentFinding) => tables.length === 0 && kind !== 'database dropped'

/** Short, for the flag: "−10,000". */
export function flagLabel({ kind, deleted, updated }: AccidentFinding): string {
  if (kind === 'deleted') return `−${formatCount(deleted)}`
  return kind === 'updated' ? `${formatCount(updated)} updated` : findingLook[kind].word.toLowerCase()
}

/** "10,000 rows, 33 % of about 30,000". */
export function findingWords(finding: AccidentFinding): string {
  const { kind, deleted, inserted, updated, rowsBefore, partitions, fileCount, files } = finding
  const also = [
    ...(kind !== 'deleted' && deleted > 0 ? [`${plural(deleted, 'row')} deleted`] : []),
    ...(inserted > 0 ? [`${formatCount(inserted)} inserted`] : []),
    ...(kind !== 'updated' && updated > 0 ? [`${formatCount(updated)} updated`] : []),
  ]
  const with_ = also.length === 0 ? '' : `; ${also.join(', ')}`
  const of = shareWords(deleted, rowsBefore)
  if (kind === 'deleted') return `${plural(deleted, 'row')}${of}${with_}`
  if (kind === 'updated') return `${plural(updated, 'row')}${with_}`
  if (kind === 'database dropped') return finding.database ?? `database ${finding.databaseOid}`
  const some =
    partitions !== null && partitions.touched < partitions.of
      ? `${partitions.touched} of ${plural(partitions.of, 'partition')}`
      : ''
  if (finding.tables.length === 0) {
    const what = `${plural(fileCount, 'file')}, ${files[0] ?? ''}${fileCount > 1 ? ' …' : ''}`
    return kind === 'truncated' ? `${what}: truncated or indexed anew` : what
  }
  if (kind === 'rewritten') return `its rows kept${with_}`
  if (kind === 'replaced') return `made anew, or rewritten${with_}`
  if (some !== '') return `${some}${with_}`
  return `${rowsBefore === null ? 'all of its rows' : `about ${plural(rowsBefore, 'row')}`}${with_}`
}

function shareWords(deleted: number, rowsBefore: number | null): string {
  if (rowsBefore === null || rowsBefore === 0) return ''
  const percent = (deleted / rowsBefore) * 100
  const share =
    percent >= 99.95 ? 'all' : percent < 0.1 ? 'under 0.1 %' : `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`
  return `, ${share} of about ${formatCount(rowsBefore)}`
}

/** What it was done to, where the search is about removed tables; null where it is about one. */
export function subjectOf(finding: AccidentFinding, result: Pick<AccidentResult, 'subject'>): string | null {
  if (result.subject !== 'removed tables') return null
  if (nameless(finding)) return finding.database === null ? `database ${finding.databaseOid}` : `in ${finding.database}`
  const [first = '', ...more] = finding.tables
  if (finding.kind === 'database dropped') return ''
  return more.length === 0 ? first : `${first} and ${formatCount(more.length)} more`
}

/**
 * Just before it: its transaction, and nothing of it. One that locked its table is stopped before that: while recovery waits, the
 * locks of what had not ended are held, and a locked table could be neither looked at nor rescued.
 */
export function wishBefore({ xid, lockedAt }: AccidentFinding, timeline: number, action: TargetAction): RecoveryWish {
  const how = { timeline, inclusive: false, action }
  return lockedAt === null ? { kind: 'xid', value: xid, ...how } : { kind: 'lsn', value: lockedAt, ...how }
}

/** The largest of them, as marks of the drawing. */
export function accidentFlags(result: AccidentResult, chosen: string | null): AccidentFlag[] {
  return result.findings
    .filter(({ kind, lsn }, index) => lsn === chosen || (kind !== 'rewritten' && index < 40))
    .map((finding) => ({
      timeline: result.timeline,
      time: finding.time,
      label: flagLabel(finding),
      words: `${subjectOf(finding, result) || result.subject}: ${findingLook[finding.kind].word.toLowerCase()}, ${findingWords(finding)}, transaction ${finding.xid}`,
      grave: findingLook[finding.kind].tone === 'blocker',
      chosen: finding.lsn === chosen,
    }))
}
