// The tree of the draft's database: read in slices, sized exactly where one looks, and told what needs what.
import { useCallback, useEffect, useRef, useState } from 'react'
import type { ObjectNeeds } from '../../../shared/contracts/objects'
import { collectTree, type ObjectTree, withSizes } from '../../../shared/model/objectTree'
import type { Sliced } from '../../../shared/model/slices'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { inSlices } from '../../wizard/inSlices'
import { searchTexts } from './findNodes'

export interface LoadedTree {
  tree: ObjectTree
  /** By node: what a search looks through. */
  texts: readonly string[]
}

export interface ObjectTreeState {
  loaded: LoadedTree | undefined
  error: ShownError | null
  /** undefined until it is known; the tree can be used before. */
  needs: ObjectNeeds | undefined
  again: () => void
  /** Asks for the exact sizes of these nodes, where the tree has estimates. */
  look: (nodes: readonly number[]) => void
}

/** Reads nothing while the database is ''. */
export function useObjectTree(connectionId: string, database: string): ObjectTreeState {
  const [loaded, setLoaded] = useState<LoadedTree>()
  const [needs, setNeeds] = useState<ObjectNeeds>()
  const [error, setError] = useState<ShownError | null>(null)
  const [round, setRound] = useState(0)
  const asked = useRef(new Set<number>())

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round reads the same tree again
  useEffect(() => {
    setLoaded(undefined)
    setNeeds(undefined)
    setError(null)
    asked.current = new Set()
    if (database === '') return
    const target = { connectionId, database }
    const { signal, abort } = aborter()
    readTree(target, signal).then(
      (made) => {
        if (signal.aborted) return
        setLoaded(made)
        api.objects.needs(target, { signal }).then(
          (found) => {
            if (!signal.aborted) setNeeds(found)
          },
          (failure: unknown) => {
            if (!signal.aborted) setError(shownError(failure))
          },
        )
      },
      (failure: unknown) => {
        if (!signal.aborted) setError(shownError(failure))
      },
    )
    return abort
  }, [connectionId, database, round])

  const look = useCallback(
    (nodes: readonly number[]) => {
      if (!loaded || loaded.tree.exactSizes) return
      const { tree } = loaded
      const unknown = nodes.filter((node) => 'rmS'.includes(tree.kinds[node] ?? ' ') && !asked.current.has(node)).slice(0, 500)
      if (unknown.length === 0) return
      for (const node of unknown) asked.current.add(node)
      api.objects.sizes({ connectionId, database, oids: unknown.map((node) => tree.oids[node] ?? 0) }).then(
        ({ bytes }) => {
          const known = new Map<number, number>()
          unknown.forEach((node, index) => {
            const size = bytes[index]
            if (size != null) known.set(node, size)
          })
          setLoaded((now) => (now?.tree.shape === tree.shape ? { ...now, tree: withSizes(now.tree, known) } : now))
        },
        // The estimate stays, and the next look asks again.
        () => {
          for (const node of unknown) asked.current.delete(node)
        },
      )
    },
    [loaded, connectionId, database],
  )
  return { loaded, error, needs, again: () => setRound((count) => count + 1), look }
}

function aborter() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

async function readTree(target: { connectionId: string; database: string }, signal: AbortSignal): Promise<LoadedTree> {
  const made = collectTree()
  for await (const part of api.objects.tree(target, { signal })) made.add(part)
  const tree = await inSlices(made.finishing())
  return { tree, texts: await inSlices(allTexts(tree)) }
}

function* allTexts(tree: ObjectTree): Sliced<string[]> {
  const texts: string[] = []
  for (let from = 0; from < tree.shape.size; from += 1000) {
    for (const text of searchTexts(tree, from, Math.min(tree.shape.size, from + 1000))) texts.push(text)
    yield
  }
  return texts
}
