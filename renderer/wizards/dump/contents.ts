// What a dump's options leave out beside the ticks, and its compression in words.
import type { DumpFormat } from '../../../shared/model/backupRecord'
import { selectionFlags, selectionLists } from '../../../shared/model/dumpSelection'
import type { OptionValues } from '../../../shared/tools/defineTool'
import { compressions, pgDump } from '../../../shared/tools/pgDump'
import { isSet } from '../../wizard/optionState'

const limiting = new Set(['What to dump', 'Objects', 'Leave out'])
/** The tree shows these, and its ticks make them. */
const byTicks = new Set<string>([...selectionLists, ...selectionFlags])

/** Options that change what is dumped and that the ticks do not show, so that nothing is left out unseen. */
export function otherLimits(values: OptionValues): { key: string; flag: string; text: string }[] {
  return pgDump.options
    .filter(
      (option) => limiting.has(option.group) && option.owned !== true && !byTicks.has(option.key) && isSet(values[option.key]),
    )
    .map((option) => {
      const value = values[option.key]
      const text = typeof value === 'object' ? value.join(', ') : typeof value === 'string' ? value : ''
      return { key: option.key, flag: option.flag, text: text === '' ? option.label : `${option.label}: ${text}` }
    })
}

/** "gzip, level 6", as the form names it. */
export function compressionWord(value: OptionValues[string] | undefined, format: DumpFormat): string {
  if (value === undefined) return format === 'tar' || format === 'plain' ? 'not compressed' : "pg_dump's default"
  const known = compressions.find((choice) => choice.value === String(value))
  return known === undefined ? String(value) : known.label.replace(/ \(.*\)$/, '').replace(/^None$/, 'not compressed')
}
