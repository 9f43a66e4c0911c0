// Finds nodes of an archive's tree by words.
import type { Sliced } from '../../../shared/model/slices'
import { type ContentsTree, someNodes } from './contentsTree'

/** By node: what a search looks through, in lower case; '' for the heads of schemas and kinds, which no search means. */
export function* searchTexts(tree: ContentsTree): Sliced<string[]> {
  const texts: string[] = []
  for (let at = 0; at < tree.shape.size; at += 1) {
    if (at % someNodes === 0) yield
    const head = tree.places[at] === -1 && (tree.shape.depth[at] ?? 0) < 2
    if (head) texts.push('')
    else {
      const { name, label } = tree.node(at)
      texts.push(`${name} ${label}`.toLowerCase())
    }
  }
  return texts
}

/** Nodes whose text holds all the words, with everything below them; null without words. */
export function findInTree({ shape }: ContentsTree, texts: readonly string[], text: string): Uint8Array | null {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return null
  const match = new Uint8Array(shape.size)
  for (let node = 0; node < shape.size; node += 1) {
    if (words.every((word) => texts[node]?.includes(word))) match.fill(1, node, shape.end[node])
  }
  return match
}
