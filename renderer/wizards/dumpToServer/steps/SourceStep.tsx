// Step 1: which database of which server is copied.
import { useEffect } from 'react'
import { formatBytes } from '../../../../shared/model/byteCount'
import { Card } from '../../../components/Card'
import { EmptyState, ErrorNote, Loading } from '../../../components/Feedback'
import { SelectField } from '../../../components/fields'
import { loadServer, useServer } from '../../../stores/server'
import { PickRow } from '../../../wizard/PickRow'
import { chooseSource } from '../draft'
import type { PipeStepProps } from '../Wizard'

export function SourceStep({ connections, draft, setDraft }: PipeStepProps) {
  const { connectionId } = draft
  const server = useServer(connectionId)
  useEffect(() => {
    void loadServer(connectionId)
  }, [connectionId])
  const label = connections.find(({ id }) => id === connectionId)?.label ?? ''
  const databases = (server.page?.databases ?? []).filter((database) => database.allowsConnections && !database.isTemplate)
  return (
    <div className="wz-cols">
      <div className="wz-col">
        <Card title="From">
          <div className="fieldgrid">
            <SelectField
              label="Server"
              value={connectionId}
              onChange={(id) => setDraft(chooseSource(draft, id, ''))}
              options={connections.map((connection) => ({ value: connection.id, label: connection.label }))}
              help="It is only read."
            />
          </div>
        </Card>
        <Card className="fill" title={`Databases of ${label}`}>
          {server.error && (
            <div className="card-body">
              <ErrorNote error={server.error} onRetry={() => void loadServer(connectionId)} />
            </div>
          )}
          {!server.page && !server.error && <Loading>Asking {label}…</Loading>}
          {server.page && (
            <div className="wz-scroll">
              <table className="tb pick" aria-label="Databases">
                <thead>
                  <tr>
                    <th aria-label="Chosen" />
                    <th>Database</th>
                    <th className="num">Size</th>
                    <th>Owner</th>
                    <th>Encoding</th>
                  </tr>
                </thead>
                <tbody>
                  {databases.map((database) => (
                    <PickRow
                      key={database.name}
                      name="database"
                      label={database.name}
                      checked={database.name === draft.database}
                      onPick={() => setDraft(chooseSource(draft, connectionId, database.name))}
                    >
                      <td className="m wrap">{database.name}</td>
                      <td className="num">{database.size === null ? 'not known' : formatBytes(database.size)}</td>
                      <td className="mono wrap">{database.owner}</td>
                      <td className="t2 sm">{database.encoding}</td>
                    </PickRow>
                  ))}
                </tbody>
              </table>
              {databases.length === 0 && (
                <EmptyState icon="db" title="No database to copy">
                  This server has no database that the role may see and connect to.
                </EmptyState>
              )}
            </div>
          )}
        </Card>
      </div>
      <div className="wz-col scroll">
        <Card title="Straight through" padded>
          <p className="t2">
            What <span className="mono">pg_dump</span> reads goes to <span className="mono">pg_restore</span> at once: no file is
            written, and no room is needed on this machine.
          </p>
          <p className="t2" style={{ marginTop: 8 }}>
            The copy is the database at the moment it begins, while others go on working. At the end the rows of every table are
            counted on both sides, at the source as of that moment.
          </p>
          <p className="t2" style={{ marginTop: 8 }}>
            It leaves no backup behind, and one job does it. For a large database, a dump to a directory and its restore by
            several jobs can be faster.
          </p>
        </Card>
      </div>
    </div>
  )
}
