// Step 2: which of the archive's entries are restored. Everything, unless something is unticked.
import { useEffect, useMemo, useState } from 'react'
import { formatBytes } from '../../../../shared/model/byteCount'
import { setTick } from '../../../../shared/model/tickTree'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { EmptyState, ErrorNote, Loading, Note } from '../../../components/Feedback'
import { Icon } from '../../../components/Icon'
import { SearchField } from '../../../components/SearchField'
import { TickTree } from '../../../components/tree/TickTree'
import { formatCount, plural } from '../../../format/numbers'
import { choiceOfIds, choiceOfTicks, ticksOfChoice } from '../contentsChoice'
import { type ContentsNode, type ContentsTree } from '../contentsTree'
import { findInTree } from '../findInContents'
import { type LoadedContents, useContentsTree } from '../useContentsTree'
import type { RestoreStepProps } from '../Wizard'
import { ChosenCard } from './ChosenCard'

export function ObjectsStep(props: RestoreStepProps) {
  const { facts, contents } = props
  const loaded = useContentsTree(contents.data)
  if (facts.data?.format === 'plain') {
    return (
      <Card>
        <EmptyState icon="script" title="A script is restored as a whole">
          An SQL script has no table of contents: it is run from its first line to its last. To take a part of it, restore it into
          a new database and dump that part from there.
        </EmptyState>
      </Card>
    )
  }
  if (contents.error) return <ErrorNote error={contents.error} onRetry={contents.again} />
  if (!loaded) return <Loading>Reading the table of contents…</Loading>
  return <Contents {...props} {...loaded} />
}

function NodeHead({ node }: { node: ContentsNode }) {
  return (
    <>
      <Icon name={node.icon} size={14} className="t3" />
      <span className={node.mono ? 'mono el' : 'el'}>{node.label}</span>
      {node.note !== '' && <span className="t3 sm">{node.note}</span>}
    </>
  )
}

function headOf(tree: ContentsTree) {
  return (at: number) => <NodeHead node={tree.node(at)} />
}

function Contents({ draft, setDraft, tree, texts }: RestoreStepProps & LoadedContents) {
  const [text, setText] = useState('')
  const [outdated, setOutdated] = useState(false)
  const { choice } = draft
  const other = choice !== null && choice.toc !== tree.toc
  useEffect(() => {
    if (!other) return
    // The file was made anew: its ids mean something else now.
    setOutdated(true)
    setDraft({ ...draft, choice: null })
  }, [other, draft, setDraft])
  const ticks = useMemo(() => ticksOfChoice(tree, other ? null : choice), [tree, choice, other])
  const match = useMemo(() => (texts ? findInTree(tree, texts, text) : null), [tree, texts, text])
  const total = tree.entries.length
  return (
    <div className="wz-cols">
      <div className="wz-col">
        {outdated && (
          <Note tone="warning">The archive was made anew since its objects were chosen. Everything is ticked again.</Note>
        )}
        <Card className="fill" label="Objects of the archive">
          <div className="wz-bar">
            <SearchField label={`Find in ${plural(total, 'entry', 'entries')}`} value={text} onChange={setText} width={360} />
            <span className="sp" />
            <Button size="s" onClick={() => setDraft({ ...draft, choice: null })} disabled={choice === null}>
              Tick everything
            </Button>
            <Button
              size="s"
              onClick={() => setDraft({ ...draft, choice: choiceOfIds(tree, new Set()) })}
              disabled={choice?.ids === ''}
            >
              Untick everything
            </Button>
          </div>
          <TickTree
            label="Objects of the archive"
            shape={tree.shape}
            ticks={ticks}
            tickColumns={[{ label: 'Restore', width: 64 }]}
            onTick={(node, column, on) =>
              setDraft({
                ...draft,
                choice: choiceOfTicks(tree, setTick(tree.shape, ticks, node, column, on, match ?? undefined)),
              })
            }
            match={match}
            nameOf={(node) => tree.node(node).name}
            headLabel="Object"
            head={headOf(tree)}
            columns={[
              {
                label: 'In the archive',
                width: 104,
                cell: (node) => ((tree.bytes[node] ?? 0) > 0 ? formatBytes(tree.bytes[node] ?? 0) : ''),
              },
            ]}
            openAtFirst={(node) => (tree.shape.depth[node] ?? 0) === 0 || (tree.shape.depth[node] === 1 && total < 400)}
            empty={
              <EmptyState icon="search" title="Nothing by these words">
                Of {formatCount(total)} entries. Change or clear the search.
              </EmptyState>
            }
          />
        </Card>
      </div>
      <div className="wz-col scroll">
        <ChosenCard tree={tree} choice={other ? null : choice} onChoice={(next) => setDraft({ ...draft, choice: next })} />
      </div>
    </div>
  )
}
