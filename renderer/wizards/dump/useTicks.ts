// The ticks of the tree: read from pg_dump's options, and turned back into them by each click.
import { useState } from 'react'
import { findFilters, withFilters } from '../../../shared/model/dumpFilters'
import { selectionOf } from '../../../shared/model/dumpSelection'
import type { ObjectTree } from '../../../shared/model/objectTree'
import { majorOf } from '../../../shared/model/pgVersion'
import type { Ticks } from '../../../shared/model/tickTree'
import type { PlainValues } from '../../wizard/optionState'
import type { DumpDraft } from './draft'

/** Ticks that no options can make: they are shown, and nothing goes on until they can be. */
interface Pending {
  ticks: Ticks
  problem: string
  /** The draft's changes that they were made over. */
  over: PlainValues
}

export interface TicksState {
  ticks: Ticks | undefined
  /** Why the dump can't be made like this; '' when it can. */
  problem: string
  /** Why the ticks may differ from the dump; '' when they are exact. */
  doubt: string
  set: (ticks: Ticks) => void
}

interface ReadTicks {
  shape: ObjectTree['shape']
  ticks: Ticks
  doubt: string
}

/** Reading ticks back from many thousand names takes a moment; one draft is read once. */
const known = new WeakMap<PlainValues, ReadTicks>()

function readTicks(tree: ObjectTree, changes: PlainValues): ReadTicks {
  const before = known.get(changes)
  if (before?.shape === tree.shape) return before
  const read = { shape: tree.shape, ...selectionOf(tree, changes) }
  known.set(changes, read)
  return read
}

/** `version` is that of the pg_dump at hand, or of the server where there is none. */
export function useTicks(
  tree: ObjectTree | undefined,
  version: number | undefined,
  draft: DumpDraft,
  setDraft: (draft: DumpDraft) => void,
): TicksState {
  const [pending, setPending] = useState<Pending>()
  const { changes } = draft
  const read = tree && readTicks(tree, changes)
  const waiting = pending !== undefined && pending.over === changes && tree !== undefined
  return {
    ticks: waiting ? pending.ticks : read?.ticks,
    problem: waiting ? pending.problem : '',
    doubt: read?.doubt ?? '',
    set: (ticks) => {
      if (!tree || version === undefined) return
      const found = findFilters(tree, ticks, majorOf(version))
      if (!found.filters) {
        setPending({ ticks, problem: found.problem, over: changes })
        return
      }
      const next = withFilters(changes, found.filters)
      known.set(next, { shape: tree.shape, ticks, doubt: '' })
      setPending(undefined)
      setDraft({ ...draft, changes: next })
    },
  }
}
