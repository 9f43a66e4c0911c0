// Makes rows of a preflight table and the fixes they offer, and says in a sentence what is in the way.
import type { PreflightFix, PreflightRow } from '../../shared/model/preflight'

export function row(
  id: string,
  result: PreflightRow['result'],
  check: string,
  found: string,
  fixes: PreflightFix[] = [],
): PreflightRow {
  return { id, result, check, found, fixes }
}

export const setOption = (label: string, key: string, value: boolean | string): PreflightFix => ({
  label,
  action: { kind: 'set-option', key, value },
})

export const goTo = (label: string, step: 'source' | 'objects' | 'destination' | 'options'): PreflightFix => ({
  label,
  action: { kind: 'go-to-step', step },
})

/** Blockers first, then warnings, then passes. */
export function sortRows(rows: readonly PreflightRow[]): PreflightRow[] {
  const weight = { blocker: 0, warning: 1, pass: 2 }
  return rows.toSorted((a, b) => weight[a.result] - weight[b.result])
}

/** The sentence beside the disabled start button; '' when nothing is in the way. */
export function blockedSentence(rows: readonly PreflightRow[]): string {
  const blockers = rows.filter((each) => each.result === 'blocker')
  if (blockers.length === 0) return ''
  const first = blockers.slice(0, 3).map((each) => each.check)
  const more = blockers.length > 3 ? ` and ${blockers.length - 3} more` : ''
  return `${blockers.length === 1 ? '1 blocker' : `${blockers.length} blockers`}: ${first.join('; ')}${more}`
}
