// What a restore leaves alone, or does not: said under "Will be written".

import type { ArchiveFacts } from '../../../shared/contracts/restore'
import { isSet } from '../../wizard/optionState'
import type { WrittenCardProps } from '../../wizard/WrittenCard'
import type { RestoreDraft } from './draft'

export function promiseOf(
  draft: RestoreDraft,
  facts: Pick<ArchiveFacts, 'connects'>,
  server: string,
): WrittenCardProps['promise'] {
  // A script with \connect goes where it says, whatever the destination: nothing can be promised.
  if (facts.connects)
    return { icon: 'warn', text: `The script connects to databases of ${server} by itself and may change them`, safe: false }
  if (draft.kind === 'new') return { icon: 'lock', text: `No existing database of ${server} is touched`, safe: true }
  if (draft.kind === 'replace') {
    return { icon: 'lock', text: `${draft.replaced} is renamed and kept until you drop it; nothing in it changes`, safe: true }
  }
  const what = isSet(draft.changes.clean)
    ? 'its objects of the same names are dropped first'
    : 'the restore adds to what is there'
  return { icon: 'warn', text: `The existing database ${draft.existing} changes: ${what}`, safe: false }
}
