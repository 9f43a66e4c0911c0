// Beside the tree: how much is ticked, and what ticked objects need that is not.
import { useDeferredValue, useMemo } from 'react'
import { marksOfText, missingIn, withNeeds } from '../../../../shared/model/archiveGraph'
import { type ArchiveEntry, needWords, unpackIds } from '../../../../shared/model/archiveSelection'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { KeyValues } from '../../../components/KeyValues'
import { formatCount, plural } from '../../../format/numbers'
import { choiceOfIds } from '../contentsChoice'
import { type ContentsTree } from '../contentsTree'
import type { RestoreDraft } from '../draft'

/** More than anyone reads one by one; "Add all" adds the others too. */
const shownAtMost = 20

export interface ChosenCardProps {
  tree: ContentsTree
  choice: RestoreDraft['choice']
  onChoice: (choice: RestoreDraft['choice']) => void
}

const kindNames: Readonly<Record<string, string>> = { 'FK CONSTRAINT': 'foreign key', 'TABLE DATA': 'rows of' }

function kindName(kind: string): string {
  return kindNames[kind] ?? kind.toLowerCase()
}

function nameOf({ kind, schema, tag }: ArchiveEntry): string {
  return `${kindName(kind)} ${schema === null ? tag : `${schema}.${tag}`}`
}

/** `marks` null: everything is ticked. */
function countOf({ entries }: ContentsTree, marks: Uint8Array | null, kind: string): string {
  let all = 0
  let some = 0
  for (let at = 0; at < entries.length; at += 1) {
    if (entries[at]?.kind !== kind) continue
    all += 1
    if (marks === null || marks[at] === 1) some += 1
  }
  return all === 0 ? 'none in the archive' : `${formatCount(some)} of ${formatCount(all)}`
}

export function ChosenCard({ tree, choice: now, onChoice }: ChosenCardProps) {
  // The tick itself is drawn first; what it means for hundreds of thousands of entries a moment later.
  const choice = useDeferredValue(now)
  const { entries, graph } = tree
  const marks = useMemo(() => choice && marksOfText(graph, choice.ids), [graph, choice])
  const chosen = useMemo(() => marks?.reduce((sum, mark) => sum + mark, 0) ?? entries.length, [marks, entries])
  const missing = useMemo(() => (marks === null ? [] : missingIn(graph, marks)), [graph, marks])
  const counts = useMemo(
    () => ({ TABLE: countOf(tree, marks, 'TABLE'), rows: countOf(tree, marks, 'TABLE DATA') }),
    [tree, marks],
  )
  const ticked = () => (choice === null ? [] : (unpackIds(choice.ids) ?? []))
  const add = (ids: Iterable<number>) => onChoice(choiceOfIds(tree, new Set([...ticked(), ...ids])))
  return (
    <>
      <Card title="Chosen" padded>
        <KeyValues
          labelWidth={96}
          rows={[
            {
              label: 'Entries',
              value:
                marks === null
                  ? `all ${formatCount(entries.length)}`
                  : `${formatCount(chosen)} of ${formatCount(entries.length)}`,
            },
            { label: 'Tables', value: counts.TABLE },
            { label: 'Rows of', value: counts.rows },
            { label: 'List', value: marks === null ? 'none is needed' : 'made from the ticks, for --use-list' },
          ]}
        />
      </Card>
      <Card
        title="Dependencies"
        actions={
          missing.length === 0 ? (
            <Chip tone="pass" icon="check">
              complete
            </Chip>
          ) : (
            <Button size="s" onClick={() => add(withNeeds(entries, ticked()))}>
              Add all
            </Button>
          )
        }
      >
        {missing.length === 0 ? (
          <div className="card-body t2">No ticked object needs an unticked one.</div>
        ) : (
          <ul className="needs" aria-label="Missing">
            {missing.slice(0, shownAtMost).map(({ id, needs, why }) => {
              const [entry, needed] = [entries[graph.place(id)], entries[graph.place(needs)]]
              if (!entry || !needed) return null
              return (
                <li key={`${id}-${needs}`}>
                  <div>
                    <div className="m el">{nameOf(entry)}</div>
                    <div className="t2 sm">
                      {needWords(entry, needed, why)}: <span className="mono">{nameOf(needed)}</span>
                    </div>
                  </div>
                  <Button size="xs" onClick={() => add([needs])} aria-label={`Add ${nameOf(needed)}`}>
                    Add
                  </Button>
                </li>
              )
            })}
            {missing.length > shownAtMost && <li className="t3">And {plural(missing.length - shownAtMost, 'more', 'more')}.</li>}
          </ul>
        )}
        <div className="card-body t3 sm">
          What is missing here may be in the destination already; the review looks there when it is a database that exists.
        </div>
      </Card>
    </>
  )
}
