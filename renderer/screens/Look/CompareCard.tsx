// What the recovered cluster holds beside a live one: rows of every table, and definitions.
import { useEffect, useState } from 'react'
import type { LookHolds, LookStanding, LookTable } from '../../../shared/contracts/look'
import { formatBytes } from '../../../shared/model/byteCount'
import { microOfIso } from '../../../shared/model/walTime'
import { Button, IconButton } from '../../components/Button'
import { Chip } from '../../components/Chip'
import { ErrorNote, Loading, Note } from '../../components/Feedback'
import { SelectField } from '../../components/fields'
import { Segmented } from '../../components/Segmented'
import { plural } from '../../format/numbers'
import { momentText, type ZoneName } from '../../format/zone'
import { api } from '../../rpc/api'
import { useAsk } from '../../wizard/useAsk'
import { CompareRows } from './CompareRows'
import { CountingRows } from './CountingRows'
import { countWords, isLost, lastCommitOf, lossWords, orderTables, type RowOrder, tableLosses } from './lookWords'
import { SchemaList } from './SchemaList'
import { useCounts } from './useCounts'
import type { LookFacts } from './useLook'
import type { Losses } from './useLosses'

/** Counting reads every table of both servers: above this it waits to be asked for. */
const countAtOnce = 2 * 1024 ** 3

export const isSmall = (holds: LookHolds | undefined): boolean => holds !== undefined && Number(holds.bytes) < countAtOnce

export interface CompareCardProps {
  facts: LookFacts
  standing: LookStanding
  database: string
  live: string
  zone: ZoneName
  ticked: readonly LookTable[]
  onDatabase: (database: string) => void
  onLive: (id: string) => void
  onTicked: (tables: readonly LookTable[]) => void
  losses: Losses
  /** How many of its tables have lost rows; null where it can't be compared. */
  onCounted: (database: string, lost: number | null) => void
}

type What = 'rows' | 'schema'

/** Green only where every table was counted. */
function lossLook(tables: readonly LookTable[]) {
  if (tables.some(isLost)) return { tone: 'warning', icon: 'warn' } as const
  return tables.some(({ says }) => says === 'unknown')
    ? ({ tone: 'neutral', icon: 'info' } as const)
    : ({ tone: 'pass', icon: 'check' } as const)
}

export function CompareCard(props: CompareCardProps) {
  const { facts, standing, database, live, zone, ticked, onDatabase, onLive, onTicked, losses, onCounted } = props
  const [what, setWhat] = useState<What>('rows')
  const [order, setOrder] = useState<RowOrder>('all')
  const [counting, setCounting] = useState<boolean | null>(null)
  const { lives, holds } = facts
  const wanted = counting ?? isSmall(holds.data)
  const { jobId } = standing
  const request = live === '' ? undefined : { jobId, database, live }
  const rows = useCounts(wanted ? request : undefined)
  const schema = useAsk(what === 'schema' ? request : undefined, (input, options) => api.look.compareSchema(input, options))
  const tables = rows.data?.tables
  const lost = tables?.filter(isLost) ?? []
  // What live has lost is what one mostly comes for.
  useEffect(() => {
    if (tables) onTicked(orderTables(tables, 'all').filter((table) => isLost(table) && table.recovered !== 0))
  }, [tables, onTicked])
  const counted = tables ? lost.length : rows.error ? null : undefined
  useEffect(() => {
    if (counted !== undefined) onCounted(database, counted)
  })
  const elsewhere = standing.databases.filter((name) => name !== database && (losses[name] ?? 0) > 0)
  const asked = what === 'rows' ? rows : schema
  const sameCluster = asked.data?.sameCluster
  const liveLabel = lives.data?.connections.find(({ id }) => id === live)?.label ?? 'live'
  const last = lastCommitOf(standing)
  return (
    <section className="card look-compare" aria-label="Recovered and live">
      <div className="card-head">
        <h2 className="sr">Recovered and live</h2>
        <Segmented
          label="Compare"
          value={what}
          onChange={setWhat}
          options={[
            { value: 'rows', label: 'Rows' },
            { value: 'schema', label: 'Schema' },
          ]}
        />
        {what === 'rows' && tables && <Chip {...lossLook(tables)}>{tableLosses(database, tables)}</Chip>}
        {what === 'schema' && schema.data && (
          <Chip tone={schema.data.different === 0 ? 'pass' : 'warning'} icon={schema.data.different === 0 ? 'check' : 'warn'}>
            {schema.data.different === 0 ? 'no difference' : plural(schema.data.different, 'difference')}
          </Chip>
        )}
        <span className="sp" />
        {what === 'rows' && tables && (
          <>
            <span className="t3 sm el">{countWords(tables, rows.data?.seconds ?? 0)}</span>
            <Segmented
              label="Show"
              value={order}
              onChange={setOrder}
              options={[
                { value: 'all', label: 'Largest loss first' },
                { value: 'different', label: 'Different' },
              ]}
            />
          </>
        )}
        {what === 'schema' && schema.data && (
          <span className="t3 sm el">
            {plural(schema.data.same, 'object')} the same, in {schema.data.seconds.toFixed(1)} s
          </span>
        )}
      </div>
      <div className="wz-bar look-bar">
        <SelectField
          label="Database to compare"
          className="look-db"
          value={database}
          onChange={onDatabase}
          options={standing.databases.map((name) => ({ value: name, label: name === database ? name : lossWords(name, losses) }))}
        />
        <span className="t3 sm nw">with</span>
        <SelectField
          label="Live server"
          className="look-live"
          value={live}
          onChange={onLive}
          options={[
            ...(live === '' ? [{ value: '', label: lives.data ? 'Choose a connection' : 'Asking the saved connections…' }] : []),
            ...(lives.data?.connections ?? []).map(({ id, label, is, says }) => ({
              ...{ value: id, label: is === 'source' ? label : `${label}: ${says}` },
              disabled: is === 'itself',
            })),
          ]}
        />
        {what === 'rows' &&
          elsewhere.slice(0, 2).map((name) => (
            <Button key={name} size="xs" icon="warn" onClick={() => onDatabase(name)}>
              {lossWords(name, losses)}
            </Button>
          ))}
        <span className="sp" />
        {asked.busy ? (
          <Button size="xs" icon="stop" onClick={() => (what === 'rows' ? setCounting(false) : setWhat('rows'))}>
            Stop
          </Button>
        ) : (
          asked.data && <IconButton icon="refresh" label="Compare again" size="s" onClick={asked.again} />
        )}
      </div>
      {asked.error && (
        <div className="card-body">
          <ErrorNote error={asked.error} onRetry={asked.again} />
        </div>
      )}
      {sameCluster === false && (
        <div className="card-body">
          <Note tone="warning">
            {liveLabel} is another cluster than the one of the backup: differences may have nothing to do with what was lost.
          </Note>
        </div>
      )}
      {live === '' && lives.data && (
        <p className="card-body t2">
          None of the saved connections is the cluster of the backup. Choose the one to compare with, or add it.
        </p>
      )}
      {lives.error && (
        <div className="card-body">
          <ErrorNote error={lives.error} onRetry={lives.again} />
        </div>
      )}
      {what === 'rows' && request !== undefined && !wanted && (
        <div className="card-body row wr">
          <span className="t2 sp">
            Every row of {database} is counted on both servers
            {holds.data ? `: ${formatBytes(holds.data.bytes)} are read here, and as much in ${liveLabel}` : ''}.
          </span>
          <Button size="s" icon="play" onClick={() => setCounting(true)}>
            Count the rows
          </Button>
        </div>
      )}
      {asked.busy && !asked.data && (
        <Loading>
          {what === 'rows' ? `Counting rows here and in ${liveLabel}…` : `Reading definitions here and in ${liveLabel}…`}
        </Loading>
      )}
      {what === 'rows' && rows.counting && <CountingRows counting={rows.counting} liveLabel={liveLabel} />}
      {what === 'rows' && rows.data && (
        <CompareRows
          tables={rows.data.tables}
          order={order}
          ticked={ticked}
          onTicked={onTicked}
          recoveredAt={last === null ? '' : momentText(last.time, zone).clock}
          liveAt={momentText(microOfIso(rows.data.readAt.live), zone).clock}
        />
      )}
      {what === 'schema' && schema.data && <SchemaList schema={schema.data} />}
    </section>
  )
}
