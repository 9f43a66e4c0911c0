// The words of base backups: what each choice brings about.

import { isSet, type PlainValues } from '../../wizard/optionState'
import type { WrittenCardProps } from '../../wizard/WrittenCard'
import { type BaseFormat, targetOf } from './draft'

export const formatWords: Readonly<Record<BaseFormat, { label: string; help: string }>> = {
  plain: {
    label: 'Plain',
    help: 'A data directory as it is on the server. It starts as it lies, is checked with its WAL, and incremental chains combine from it. The best choice for most.',
  },
  tar: {
    label: 'Tar',
    help: 'One file for each tablespace, which can be compressed. It has to be unpacked before it can be started.',
  },
}

export const walMethods = ['stream', 'fetch', 'none'] as const
export type WalMethod = (typeof walMethods)[number]

export const walWords: Readonly<Record<WalMethod, { label: string; help: string }>> = {
  stream: {
    label: 'Stream it alongside',
    help: 'The backup can be started by itself. A second connection receives the WAL meanwhile, and a temporary slot keeps it.',
  },
  fetch: {
    label: 'Fetch it at the end',
    help: 'The backup can be started by itself. One connection is enough; it fails when the server has removed WAL by then.',
  },
  none: {
    label: 'Leave it to the archive',
    help: 'The backup can not be started by itself: it needs the archive of all WAL from its start to its end, and is lost with it.',
  },
}

export function promiseOf(label: string, options: PlainValues): WrittenCardProps['promise'] {
  if (options.createSlot === true && isSet(options.slot)) {
    return { icon: 'warn', text: `${label} gets a replication slot that stays`, safe: false }
  }
  const target = targetOf(options)
  if (target?.startsWith('server:')) return { icon: 'warn', text: `${label} writes on its own disk`, safe: false }
  return { icon: 'lock', text: `${label} is only read`, safe: true }
}
