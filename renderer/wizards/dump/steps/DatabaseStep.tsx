// Step 1: which database of the server is dumped.
import { useState } from 'react'
import { holdsDatabase } from '../../../../shared/model/backupRecord'
import { formatBytes } from '../../../../shared/model/byteCount'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { EmptyState, ErrorNote, Loading, Note } from '../../../components/Feedback'
import { KeyValues } from '../../../components/KeyValues'
import { SearchField } from '../../../components/SearchField'
import { formatAgo, formatWhen } from '../../../format/time'
import { api } from '../../../rpc/api'
import { belongsTo } from '../../../screens/Backups/catalog'
import { loadServer, type ServerEntry, type ServerPage } from '../../../stores/server'
import { PickRow } from '../../../wizard/PickRow'
import { useAsk } from '../../../wizard/useAsk'
import { chooseDatabase } from '../draft'
import type { DumpStepProps } from '../Wizard'

type Database = ServerPage['databases'][number]

/** In the order a person looks: databases in use before templates. */
export function sortDatabases(databases: readonly Database[]): Database[] {
  const rank = (database: Database) => (database.isTemplate || !database.allowsConnections ? 1 : 0)
  return [...databases].sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name))
}

export function localeText(database: Database): string {
  if (database.localeProvider === 'libc') return `libc ${database.collate}`
  return `${database.localeProvider} ${database.locale ?? ''}`.trim()
}

export function DatabaseStep({ connection, draft, setDraft, server }: DumpStepProps & { server: ServerEntry }) {
  const [text, setText] = useState('')
  const catalog = useAsk({}, (input, options) => api.backups.list(input, options))
  const page = server.page
  const all = sortDatabases(page?.databases ?? [])
  const shown = all.filter(({ name }) => name.toLowerCase().includes(text.trim().toLowerCase()))
  const chosen = all.find(({ name }) => name === draft.database)
  const lastDump = (database: string) =>
    catalog.data?.backups
      .filter(({ record }) => holdsDatabase(record, database))
      .filter(({ record }) => belongsTo(record, page?.facts.systemIdentifier ?? null, connection.label))
      .map(({ record }) => record.startedAt)
      .sort()
      .at(-1)
  return (
    <div className="wz-cols">
      <div className="wz-col">
        <Card className="fill" title={`Databases of ${connection.label}`} note={page ? `${all.length}` : undefined}>
          {all.length > 8 && (
            <div className="wz-bar">
              <SearchField label={`Find in ${all.length} databases`} value={text} onChange={setText} width={300} />
            </div>
          )}
          {server.error && (
            <div className="card-body">
              <ErrorNote error={server.error} onRetry={() => void loadServer(connection.id)} />
            </div>
          )}
          {!page && !server.error && <Loading>Asking {connection.label}…</Loading>}
          {page && (
            <div className="wz-scroll">
              <table className="tb pick" aria-label="Databases">
                <thead>
                  <tr>
                    <th aria-label="Chosen" />
                    <th>Database</th>
                    <th className="num">Size</th>
                    <th>Owner</th>
                    <th>Encoding, locale</th>
                    <th>Last dump</th>
                  </tr>
                </thead>
                <tbody>
                  {shown.map((database) => {
                    const last = lastDump(database.name)
                    return (
                      <PickRow
                        key={database.name}
                        name="database"
                        label={database.name}
                        checked={database.name === draft.database}
                        disabled={!database.allowsConnections}
                        onPick={() => setDraft(chooseDatabase(draft, database.name))}
                      >
                        <td className="m wrap">
                          {database.name} {database.isTemplate && <Chip>template</Chip>}{' '}
                          {!database.allowsConnections && <Chip>allows no connections</Chip>}
                        </td>
                        <td className="num">{database.size === null ? 'not known' : formatBytes(database.size)}</td>
                        <td className="mono wrap">{database.owner}</td>
                        <td className="t2 sm wrap">
                          {database.encoding}, {localeText(database)}
                        </td>
                        <td className="nw" title={last === undefined ? undefined : formatWhen(last)}>
                          {last === undefined ? (
                            <span className="t3">{catalog.data ? 'none in the libraries' : ''}</span>
                          ) : (
                            formatAgo(last)
                          )}
                        </td>
                      </PickRow>
                    )
                  })}
                </tbody>
              </table>
              {shown.length === 0 && (
                <EmptyState icon="db" title="No database by that name">
                  {all.length === 0 ? 'This server has no database that the role may see.' : 'Change or clear the search.'}
                </EmptyState>
              )}
            </div>
          )}
        </Card>
      </div>
      <div className="wz-col scroll">
        <Card title="What a dump is" padded>
          <p className="t2">
            A dump holds one database as it is at one moment: definitions and rows, read while others go on working. It restores
            into this or another server, of the same or a newer major version.
          </p>
          <p className="t2" style={{ marginTop: 8 }}>
            Walkback reads every dump in full after it was written, keeps a checksum of each file, and only then puts it into the
            library.
          </p>
        </Card>
        {chosen && (
          <Card title={chosen.name} padded>
            <KeyValues
              labelWidth={96}
              rows={[
                { label: 'Size', value: chosen.size === null ? 'not known to this role' : formatBytes(chosen.size) },
                { label: 'Owner', value: chosen.owner, mono: true },
                { label: 'Encoding', value: chosen.encoding },
                { label: 'Locale', value: localeText(chosen) },
                { label: 'Sessions', value: `${chosen.sessions} connected now` },
              ]}
            />
          </Card>
        )}
        {draft.database !== '' && page && !chosen && (
          <Note tone="warning">
            The draft is about <span className="mono">{draft.database}</span>, which this server does not have any more. Choose
            another database.
          </Note>
        )}
      </div>
    </div>
  )
}
