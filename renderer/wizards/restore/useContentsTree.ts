// The tree of an archive's table of contents, made in slices once for each answer, and the texts that a search goes through.
import { useEffect, useState } from 'react'
import type { ArchiveContents } from '../../../shared/contracts/restore'
import { readColumns } from '../../../shared/model/archiveColumns'
import { inSlices } from '../../wizard/inSlices'
import { type ContentsTree, contentsTree } from './contentsTree'
import { searchTexts } from './findInContents'

export interface LoadedContents {
  tree: ContentsTree
  /** undefined for the moment after the tree is there. */
  texts: readonly string[] | undefined
}

interface Making {
  tree: Promise<ContentsTree>
  texts: Promise<readonly string[]>
  /** As far as it is made: going back to the step shows it at once. */
  loaded: LoadedContents | undefined
}

const made = new WeakMap<ArchiveContents, Making>()

function make(contents: ArchiveContents): Making {
  const known = made.get(contents)
  if (known) return known
  const tree = inSlices(readColumns(contents)).then((read) => inSlices(contentsTree(read)))
  const making: Making = { tree, texts: tree.then((whole) => inSlices(searchTexts(whole))), loaded: undefined }
  made.set(contents, making)
  return making
}

export function treeOf(contents: ArchiveContents): Promise<ContentsTree> {
  return make(contents).tree
}

/** undefined until the tree is there. */
export function useContentsTree(contents: ArchiveContents | undefined): LoadedContents | undefined {
  const [, setRound] = useState(0)
  useEffect(() => {
    if (!contents) return
    const making = make(contents)
    let left = false
    const show = (loaded: LoadedContents) => {
      making.loaded = loaded
      if (!left) setRound((round) => round + 1)
    }
    void making.tree.then((tree) => {
      if (!making.loaded) show({ tree, texts: undefined })
      void making.texts.then((texts) => {
        if (!making.loaded?.texts) show({ tree, texts })
      })
    })
    return () => {
      left = true
    }
  }, [contents])
  return contents && made.get(contents)?.loaded
}
