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

export const goTo = (label: string, step: string): PreflightFix => ({ label, action: { kind: 'go-to-step', step } })
