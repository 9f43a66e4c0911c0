// "Will hold" and "Leaves out": what follows from the ticks and from the options, with the way to put each back.
import { type ReactNode, useDeferredValue, useMemo } from 'react'
import { formatBytes } from '../../../../shared/model/byteCount'
import type { ObjectTree } from '../../../../shared/model/objectTree'
import { setTick, type Ticks } from '../../../../shared/model/tickTree'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { Icon } from '../../../components/Icon'
import { ProgressBar } from '../../../components/Progress'
import { plural } from '../../../format/numbers'
import { useServer } from '../../../stores/server'
import { compressionWord, otherLimits } from '../contents'
import { dumpOptions, formatOf } from '../draft'
import { heldContents, leftOut } from '../leftOut'
import type { ObjectTreeState } from '../useObjectTree'
import type { TicksState } from '../useTicks'
import type { DumpStepProps } from '../Wizard'

export interface HoldsCardProps extends DumpStepProps {
  tree: ObjectTree
  ticks: Ticks
  objects: ObjectTreeState
  ticking: TicksState
  onShowOption: (key: string) => void
}

const shownLines = 8

export function HoldsCard({
  connection,
  draft,
  setDraft,
  prepared,
  tree,
  ticks,
  objects,
  ticking,
  onShowOption,
}: HoldsCardProps) {
  const others =
    useServer(connection.id).page?.databases.filter(({ name, isTemplate }) => name !== draft.database && !isTemplate) ?? []
  // Behind the tree's own answer to a click, which must not wait for this.
  const settled = useDeferredValue(ticks)
  const { needs } = objects
  const held = useMemo(() => heldContents(tree, settled), [tree, settled])
  const left = useMemo(() => leftOut(tree, settled, needs), [tree, settled, needs])
  const base = prepared.data
  if (!base) return null
  const values = dumpOptions(draft, base)
  const limits = otherLimits(values)
  const everything = left.length === 0 && limits.length === 0
  return (
    <Card label="What the dump holds">
      <div className="holds">
        <div className="row" style={{ alignItems: 'baseline' }}>
          <h3 style={{ margin: 0 }}>Will hold</h3>
          <span className="sp" />
          {everything ? (
            <span className="b">everything, {formatBytes(held.allBytes)}</span>
          ) : (
            <span>
              <span className="b">
                {limits.length > 0 ? 'at most ' : ''}
                {formatBytes(held.bytes)}
              </span>{' '}
              <span className="t3">of {formatBytes(held.allBytes)}</span>
            </span>
          )}
        </div>
        <div style={{ margin: '8px 0 4px' }}>
          <ProgressBar
            percent={everything || held.allBytes === 0 ? 100 : Math.floor((held.bytes * 100) / held.allBytes)}
            label="Share of the database's size"
            height={8}
          />
        </div>
        <ul>
          {held.lines.map((line) => (
            <Held key={line}>{line}</Held>
          ))}
          {held.lines.length === 0 && <Gone>Nothing</Gone>}
          {draft.globals && <Held>Roles and tablespaces, beside it as globals</Held>}
        </ul>
      </div>
      <div className="holds">
        <h3>Leaves out</h3>
        <ul>
          {!draft.globals && (
            <li>
              <Icon name="warn" className="warn" />
              <span>Roles and tablespaces: the dump restores only where they exist</span>
              <Button kind="ghost" size="xs" onClick={() => setDraft({ ...draft, globals: true })}>
                Add
              </Button>
            </li>
          )}
          {limits.map(({ key, flag, text }) => (
            <li key={key}>
              <Icon name="warn" className="warn" />
              <span className="wrap">
                {text} <span className="mono t3">{flag}</span>
              </span>
              <Button kind="ghost" size="xs" onClick={() => onShowOption(key)}>
                Show
              </Button>
            </li>
          ))}
          {left.slice(0, shownLines).map(({ node, column, before, name, after, bytes, warning }) => (
            <li key={`${node} ${column}`}>
              <Icon name={warning ? 'warn' : 'minus'} className={warning ? 'warn' : 't3'} />
              <span className={warning ? 'wrap' : 't2 wrap'}>
                {before} <span className="mono">{name}</span>
                {bytes > 0 && `, ${formatBytes(bytes)}`}
                {after !== '' && `: ${after}`}
              </span>
              <Button
                kind="ghost"
                size="xs"
                aria-label={`Add ${before} ${name}`}
                onClick={() => ticking.set(setTick(tree.shape, ticks, node, column, true))}
              >
                Add
              </Button>
            </li>
          ))}
          {left.length > shownLines && <Gone>and {plural(left.length - shownLines, 'other')}: see Left out in the tree</Gone>}
          {others.length > 0 && (
            <Gone>
              {plural(others.length, 'other database')} of {connection.label}
            </Gone>
          )}
          <Gone>Server settings: postgresql.conf, pg_hba.conf</Gone>
        </ul>
      </div>
      <div className="wz-sum">
        <Figure label="Format" value={formatOf(draft, base)} />
        <Figure label="Jobs" value={String(values.jobs ?? 1)} />
        <Figure label="Compression" value={compressionWord(values.compress, formatOf(draft, base))} />
      </div>
    </Card>
  )
}

function Held({ children }: { children: ReactNode }) {
  return (
    <li>
      <Icon name="check" className="ok" />
      <span className="wrap">{children}</span>
      <span />
    </li>
  )
}

function Gone({ children }: { children: ReactNode }) {
  return (
    <li>
      <Icon name="minus" className="t3" />
      <span className="t2 wrap">{children}</span>
      <span />
    </li>
  )
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <div className="sm t3">{label}</div>
      <div className="b el" title={value}>
        {value}
      </div>
    </div>
  )
}
