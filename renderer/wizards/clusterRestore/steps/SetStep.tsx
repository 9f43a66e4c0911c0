// Step 1: a set of the libraries or a folder, and which of its databases.
import { formatBytes } from '../../../../shared/model/byteCount'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { EmptyState, ErrorNote, Loading } from '../../../components/Feedback'
import { Tick } from '../../../components/fields'
import { KeyValues } from '../../../components/KeyValues'
import { PathField } from '../../../components/PathField'
import { plural } from '../../../format/numbers'
import { formatAgo, formatWhen } from '../../../format/time'
import { api } from '../../../rpc/api'
import { serverOf, sortBackups } from '../../../screens/Backups/catalog'
import { VerifiedMark } from '../../../screens/Backups/VerifiedMark'
import { PickRow } from '../../../wizard/PickRow'
import { useAsk } from '../../../wizard/useAsk'
import { chooseSet, setDatabases, tickSetDatabase } from '../draft'
import type { InspectedSet, SetStepProps } from '../Wizard'

export function SetStepView({ connection, draft, setDraft, facts, prepared }: SetStepProps) {
  const catalog = useAsk({}, (input, options) => api.backups.list(input, options))
  const sets = sortBackups(catalog.data?.backups ?? [], 'age', false).filter(({ record }) => record.kind === 'dump-set')
  const isListed = sets.some(({ path }) => path === draft.source)
  return (
    <div className="wz-cols">
      <div className="wz-col">
        <Card className="fill" title="Sets in the libraries" note={catalog.data ? `${sets.length}` : undefined}>
          {catalog.error && (
            <div className="card-body">
              <ErrorNote error={catalog.error} onRetry={catalog.again} />
            </div>
          )}
          {!catalog.data && !catalog.error && <Loading>Looking through the libraries…</Loading>}
          {catalog.data && sets.length === 0 && (
            <EmptyState icon="backups" title="No set in the libraries yet">
              Give the folder of a set below, or dump one first. A script of pg_dumpall is restored from a dump.
            </EmptyState>
          )}
          {sets.length > 0 && (
            <div className="wz-scroll">
              <table className="tb pick" aria-label="Sets, newest first">
                <thead>
                  <tr>
                    <th aria-label="Chosen" />
                    <th>Server</th>
                    <th className="num">Databases</th>
                    <th>Taken</th>
                    <th className="num">Size</th>
                    <th>Checked</th>
                  </tr>
                </thead>
                <tbody>
                  {sets.map(({ path, size, record }) => (
                    <PickRow
                      key={path}
                      name="set"
                      label={`Set of ${serverOf(record)}, ${formatWhen(record.startedAt)}`}
                      checked={path === draft.source}
                      onPick={() => setDraft(chooseSet(draft, path))}
                    >
                      <td className="wrap">
                        <div className="m">{serverOf(record)}</div>
                        {record.label !== '' && <div className="t3 sm">{record.label}</div>}
                      </td>
                      <td className="num">{record.kind === 'dump-set' ? record.databases.length : ''}</td>
                      <td className="nw">
                        <div>{formatAgo(record.startedAt)}</div>
                        <div className="t3 sm">{formatWhen(record.startedAt)}</div>
                      </td>
                      <td className="num nw">{formatBytes(size)}</td>
                      <td>
                        <VerifiedMark record={record} />
                      </td>
                    </PickRow>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Card>
        <Card title="Or the folder of a set" padded>
          <PathField
            label="Path on the machine that runs Walkback"
            value={isListed ? '' : draft.source}
            onChange={(path) => setDraft(chooseSet(draft, path.trim()))}
            want="folder"
            placeholder="/srv/walkback/main/2026-11-22T070000Z-dump-set-5-databases"
          />
        </Card>
      </div>
      <div className="wz-col scroll">
        {draft.source === '' && (
          <Card padded>
            <EmptyState icon="backups" title="Choose a set">
              Its databases go into {connection.label}, each made new; none that holds anything is touched.
            </EmptyState>
          </Card>
        )}
        {facts.error && <ErrorNote error={facts.error} onRetry={facts.again} />}
        {facts.busy && <Loading>Reading the set…</Loading>}
        {facts.data && (
          <Databases {...{ draft, setDraft }} facts={facts.data} server={connection.label} taken={prepared.data?.taken ?? []} />
        )}
      </div>
    </div>
  )
}

interface DatabasesProps extends Pick<SetStepProps, 'draft' | 'setDraft'> {
  facts: InspectedSet
  server: string
  taken: readonly string[]
}

function Databases({ draft, setDraft, facts, server, taken }: DatabasesProps) {
  const { record, size } = facts
  const chosen = setDatabases(draft, facts)
  return (
    <>
      <Card title="This set" padded>
        <KeyValues
          labelWidth={104}
          rows={[
            { label: 'From', value: `${serverOf(record)}, PostgreSQL ${formatPgVersion(record.source.serverVersion)}` },
            { label: 'Taken', value: formatWhen(record.startedAt) },
            { label: 'Size', value: formatBytes(size) },
            {
              label: 'Globals',
              value: `${plural(facts.roles.length, 'role')}${record.globals?.rolePasswords ? ' with passwords' : ' without passwords'}, ${plural(facts.tablespaces.length, 'tablespace')}`,
            },
          ]}
        />
      </Card>
      <Card title="Databases" note={`${chosen.length} of ${record.databases.length} chosen`}>
        <table className="tb dense" aria-label="Databases of the set">
          <thead>
            <tr>
              <th>Database</th>
              <th className="num">Tables</th>
              <th className="num">Dump</th>
            </tr>
          </thead>
          <tbody>
            {record.databases.map((database) => (
              <tr key={database.name}>
                <td className="wrap">
                  <Tick
                    checked={chosen.includes(database.name)}
                    onChange={(take) => setDraft(tickSetDatabase(draft, facts, database.name, take))}
                  >
                    <span className="m">{database.name}</span>
                  </Tick>{' '}
                  {taken.includes(database.name) && <Chip tone="warning">on {server} already</Chip>}
                </td>
                <td className="num">{database.tables}</td>
                <td className="num nw">{formatBytes(database.size)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Card>
    </>
  )
}
