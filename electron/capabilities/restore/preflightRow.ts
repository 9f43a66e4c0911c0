// Makes rows of the preflight table and the fixes they offer.
import type { PreflightFix, PreflightRow } from '../../../shared/model/preflight'

export function row(
  id: string,
  result: PreflightRow['result'],
  check: string,
  found: string,
  fixes: PreflightFix[] = [],
): PreflightRow {
  return { id, result, check, found, fixes }
}

export const setOption = (label: string, key: string, value: boolean): PreflightFix => ({
  label,
  action: { kind: 'set-option', key, value },
})

export const goTo = (label: string, step: 'source' | 'objects' | 'destination' | 'options'): PreflightFix => ({
  label,
  action: { kind: 'go-to-step', step },
})
