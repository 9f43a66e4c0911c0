// What the arrow keys mean in a tree, as in every tree: down, up, in, out, first, last.
import { hasChildren, type TreeShape } from '../../../shared/model/tickTree'

export interface TreePlace {
  shape: TreeShape
  /** What is shown, in order. */
  nodes: Int32Array
  /** Where in it the active node is. */
  position: number
  /** Rows of a page. */
  page: number
  isOpen: (node: number) => boolean
  /** A filtered tree stays open. */
  canFold: boolean
}

export type TreeMove = { kind: 'go'; at: number } | { kind: 'open' | 'close' }

export function moveTo(key: string, { shape, nodes, position, page, isOpen, canFold }: TreePlace): TreeMove | undefined {
  const node = nodes[position] ?? 0
  const at = (wanted: number): TreeMove => ({ kind: 'go', at: Math.min(nodes.length - 1, Math.max(0, wanted)) })
  switch (key) {
    case 'ArrowDown':
      return at(position + 1)
    case 'ArrowUp':
      return at(position - 1)
    case 'PageDown':
      return at(position + page)
    case 'PageUp':
      return at(position - page)
    case 'Home':
      return at(0)
    case 'End':
      return at(nodes.length - 1)
    case 'ArrowRight':
      if (!hasChildren(shape, node)) return at(position)
      return isOpen(node) ? at(position + 1) : { kind: 'open' }
    case 'ArrowLeft': {
      if (canFold && hasChildren(shape, node) && isOpen(node)) return { kind: 'close' }
      const parent = shape.parent[node] ?? -1
      return at(parent < 0 ? position : nodes.indexOf(parent))
    }
    default:
      return undefined
  }
}
