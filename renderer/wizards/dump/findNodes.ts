// Finds nodes of a database's tree: by words, by psql's patterns, by what is ticked and what is left out.
import { fullName, kindOf, nodeKinds, type ObjectTree } from '../../../shared/model/objectTree'
import { readPattern } from '../../../shared/model/psqlPattern'
import type { Ticks } from '../../../shared/model/tickTree'

export type TreeView = 'all' | 'ticked' | 'left'

/** What words are looked for in, in lower case: "sales.orders table". */
export function searchTexts(tree: ObjectTree, from: number, end: number): string[] {
  const texts: string[] = []
  for (let node = from; node < end; node += 1) {
    texts.push(`${fullName(tree, node)} ${nodeKinds[kindOf(tree, node)]}`.toLowerCase())
  }
  return texts
}

/** `sales.*` and `"Orders"` are patterns as psql's \dt takes them; anything else is words that all must be there. */
export function isPattern(text: string): boolean {
  return /[*?"]/.test(text)
}

/** null where nothing is asked for, so that everything is shown. */
export function findNodes(
  tree: ObjectTree,
  texts: readonly string[],
  ticks: Ticks,
  text: string,
  view: TreeView,
): Uint8Array | null {
  const asked = text.trim()
  if (asked === '' && view === 'all') return null
  const found = new Uint8Array(tree.shape.size)
  const matches = matcher(tree, texts, asked)
  const [definition, rows] = ticks.columns
  const [ownDefinition, ownRows] = tree.shape.own
  for (let node = 0; node < tree.shape.size; node += 1) {
    if (view !== 'all') {
      if (ownDefinition?.[node] !== 1) continue
      const whole = definition?.[node] === 1 && (ownRows?.[node] !== 1 || rows?.[node] === 1)
      if (view === 'ticked' ? definition?.[node] !== 1 : whole) continue
    }
    if (matches(node)) found[node] = 1
  }
  return found
}

function matcher(tree: ObjectTree, texts: readonly string[], asked: string): (node: number) => boolean {
  if (asked === '') return () => true
  if (!isPattern(asked)) {
    const words = asked.toLowerCase().split(/\s+/)
    const [word = ''] = words
    if (words.length === 1) return (node) => texts[node]?.includes(word) === true
    return (node) => words.every((each) => texts[node]?.includes(each))
  }
  const pattern = readPattern(asked)
  if (!pattern) return () => false
  const { schema, name } = pattern
  const schemas = tree.schemas.map((each) => schema === null || schema.test(each))
  return (node) => {
    const inSchema = tree.inSchema[node] ?? -1
    if (schema !== null && schemas[inSchema] !== true) return false
    const letter = tree.kinds[node] ?? ' '
    if (schema !== null && (letter === 'n' || letter === 'R')) return false
    const own = tree.names[node] ?? ''
    return name.test('FPa'.includes(letter) ? own.slice(0, own.indexOf('(')) : own)
  }
}
