// Step 2: what the dump holds and leaves out, as a tree with ticks. Everything, unless something is unticked.
import { useCallback, useMemo, useState } from 'react'
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatBytes } from '../../../../shared/model/byteCount'
import {
  fullName,
  hasFlag,
  isRelation,
  kindOf,
  type NodeKind,
  nodeKinds,
  type ObjectTree,
} from '../../../../shared/model/objectTree'
import { setTick, type Ticks, tickState } from '../../../../shared/model/tickTree'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { CommandList } from '../../../components/CommandBlock'
import { EmptyState, ErrorNote, Loading, Note } from '../../../components/Feedback'
import { Icon, type IconName } from '../../../components/Icon'
import { SearchField } from '../../../components/SearchField'
import { Segmented } from '../../../components/Segmented'
import { TickTree } from '../../../components/tree/TickTree'
import { formatCount } from '../../../format/numbers'
import type { Asked } from '../../../wizard/useAsk'
import { findNodes, type TreeView } from '../findNodes'
import { restLabel } from '../leftOut'
import type { ObjectTreeState } from '../useObjectTree'
import type { TicksState } from '../useTicks'
import type { DumpStepProps } from '../Wizard'
import { HoldsCard } from './HoldsCard'

const icons: Record<NodeKind, IconName> = {
  d: 'db',
  n: 'schema',
  R: 'fn',
  r: 'table',
  p: 'table',
  f: 'external',
  m: 'view',
  v: 'view',
  S: 'seq',
  s: 'seq',
  l: 'lock',
  F: 'fn',
  P: 'fn',
  a: 'fn',
  t: 'script',
  D: 'script',
  E: 'plug',
  e: 'plug',
  L: 'lob',
  U: 'fwd',
  u: 'fwd',
  B: 'fwd',
  b: 'fwd',
  O: 'settings',
  o: 'settings',
}

export interface ObjectsStepProps extends DumpStepProps {
  preview: Asked<CommandPreview>
  objects: ObjectTreeState
  ticking: TicksState
  onShowOption: (key: string) => void
}

export function ObjectsStep(props: ObjectsStepProps) {
  const { draft, prepared, objects, ticking, preview } = props
  if (objects.error && !objects.loaded) return <ErrorNote error={objects.error} onRetry={objects.again} />
  if (!objects.loaded || !ticking.ticks || !prepared.data) {
    return prepared.error ? null : <Loading>Looking into {draft.database}…</Loading>
  }
  return (
    <>
      <div className="wz-cols">
        <div className="wz-col">
          {ticking.problem !== '' && <Note tone="blocker">{ticking.problem}</Note>}
          {ticking.doubt !== '' && <Note tone="warning">The ticks may differ from what is dumped: {ticking.doubt}.</Note>}
          <ObjectsCard {...props} loaded={objects.loaded} ticks={ticking.ticks} />
        </div>
        <div className="wz-col scroll">
          {objects.error && <ErrorNote error={objects.error} onRetry={objects.again} />}
          <HoldsCard {...props} tree={objects.loaded.tree} ticks={ticking.ticks} />
        </div>
      </div>
      <div style={{ flex: 'none', marginTop: 12 }}>
        <CommandList commands={preview.data?.commands.filter(({ program }) => program === 'pg_dump') ?? []} width={130} />
      </div>
    </>
  )
}

interface ObjectsCardProps extends ObjectsStepProps {
  loaded: NonNullable<ObjectTreeState['loaded']>
  ticks: Ticks
}

function ObjectsCard({ draft, loaded, ticks, ticking, objects }: ObjectsCardProps) {
  const [text, setText] = useState('')
  const [view, setView] = useState<TreeView>('all')
  const { tree, texts } = loaded
  const { shape } = tree
  // In the other views a tick must not make its own row vanish under the pointer: they are looked up when chosen.
  const [viewed, setViewed] = useState(ticks)
  const match = useMemo(() => findNodes(tree, texts, viewed, text, view), [tree, texts, viewed, text, view])
  const relations = useMemo(() => countRelations(tree), [tree])
  const tickAll = (on: boolean) => ticking.set(setTick(shape, ticks, 0, 0, on, match ?? undefined))
  const nameOf = useCallback((node: number) => labelOf(tree, node), [tree])
  const head = (node: number) => <ObjectName tree={tree} ticks={ticks} node={node} />
  const found = match === null ? undefined : match.reduce((sum, value) => sum + value, 0)
  return (
    <Card className="fill" label={`Objects of ${draft.database}`}>
      <div className="wz-bar">
        <SearchField
          label={`Find in ${formatCount(relations)} tables, views, sequences`}
          value={text}
          onChange={setText}
          width={300}
          note={found === undefined ? undefined : formatCount(found)}
        />
        <Segmented
          label="Shown"
          value={view}
          onChange={(next) => {
            setViewed(ticks)
            setView(next)
          }}
          options={[
            { value: 'all', label: 'All' },
            { value: 'ticked', label: 'Ticked' },
            { value: 'left', label: 'Left out' },
          ]}
        />
        <span className="sp" />
        <Button kind="ghost" size="s" onClick={() => tickAll(true)}>
          {match === null ? 'Tick all' : 'Tick these'}
        </Button>
        <Button kind="ghost" size="s" onClick={() => tickAll(false)}>
          {match === null ? 'Untick all' : 'Untick these'}
        </Button>
      </div>
      <TickTree
        label={`Objects of ${draft.database}. Space ticks the definition, Shift and Space the rows.`}
        shape={shape}
        ticks={ticks}
        tickColumns={[
          { label: 'Definition', width: 72 },
          { label: 'Rows', width: 44 },
        ]}
        onTick={(node, column, on) => ticking.set(setTick(shape, ticks, node, column, on, match ?? undefined))}
        match={match}
        nameOf={nameOf}
        fullNameOf={(node) => (tree.kinds[node] === 'R' ? labelOf(tree, node) : fullName(tree, node))}
        headLabel="Object"
        head={head}
        columns={[
          { label: 'Rows, estimated', width: 112, cell: (node) => rowsText(tree, node) },
          {
            label: tree.exactSizes ? 'Size' : 'Size, estimated',
            width: tree.exactSizes ? 72 : 104,
            cell: (node) => sizeText(tree, node),
          },
        ]}
        openAtFirst={(node) => node === 0 || (shape.depth[node] === 1 && shape.size <= 400)}
        onView={objects.look}
        empty={
          <EmptyState icon="table" title={view === 'left' && text === '' ? 'Nothing is left out' : 'Nothing by these words'}>
            {view === 'left' && text === '' ? 'Untick an object to leave it or its rows out.' : 'Change or clear the search.'}
          </EmptyState>
        }
      />
    </Card>
  )
}

function countRelations(tree: ObjectTree): number {
  let count = 0
  for (let node = 0; node < tree.shape.size; node += 1) if (isRelation(tree, node)) count += 1
  return count
}

function labelOf(tree: ObjectTree, node: number): string {
  return tree.kinds[node] === 'R' ? `${restLabel(tree, node)} of ${tree.names[node]}` : (tree.names[node] ?? '')
}

function ObjectName({ tree, ticks, node }: { tree: ObjectTree; ticks: Ticks; node: number }) {
  const kind = kindOf(tree, node)
  const parent = tree.shape.parent[node] ?? -1
  const elsewhere = isRelation(tree, node) && tree.inSchema[node] !== tree.inSchema[parent]
  const noRows =
    tickState(tree.shape, ticks, node, 0) !== 'off' && isRelation(tree, node) && tickState(tree.shape, ticks, node, 1) === 'off'
  return (
    <>
      <Icon
        name={hasFlag(tree, node, 'partition') && kind === 'r' ? 'part' : icons[kind]}
        className="t3"
        label={nodeKinds[kind]}
      />
      <span className={`el${kind === 'd' ? ' b' : ''}`}>
        {kind === 'R' ? restLabel(tree, node) : elsewhere ? fullName(tree, node) : tree.names[node]}
      </span>
      {kind === 'p' && <Chip>partitioned</Chip>}
      {(kind === 'F' || kind === 'P' || kind === 'a' || kind === 't' || kind === 'D' || kind === 'l') && (
        <span className="t3 sm nw">{nodeKinds[kind]}</span>
      )}
      {kind === 's' && <span className="t3 sm nw">comes with its table</span>}
      {noRows && <Chip tone="outline">{kind === 'S' ? 'no value' : 'structure only'}</Chip>}
    </>
  )
}

function rowsText(tree: ObjectTree, node: number): string {
  const rows = tree.rows[node] ?? -1
  if (rows >= 0) return formatCount(rows)
  return 'rpm'.includes(tree.kinds[node] ?? ' ') ? 'not known' : ''
}

function sizeText(tree: ObjectTree, node: number): string {
  const known = (tree.bytes[node] ?? -1) >= 0 || tree.kinds[node] === 'd' || tree.kinds[node] === 'n' || tree.kinds[node] === 'p'
  return known ? formatBytes(tree.subtreeBytes[node] ?? 0) : '–'
}
