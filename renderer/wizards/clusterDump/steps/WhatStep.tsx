// Step 1: the whole cluster, a part of what belongs to no database, or a set of chosen databases.
import { useState } from 'react'
import { formatBytes } from '../../../../shared/model/byteCount'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { EmptyState, Loading, Note } from '../../../components/Feedback'
import { Tick } from '../../../components/fields'
import { SearchField } from '../../../components/SearchField'
import { plural } from '../../../format/numbers'
import { ChoiceCards } from '../../../wizard/ChoiceCards'
import { chosenDatabases, clusterWhats, tickDatabase } from '../draft'
import type { ClusterPrepared, ClusterStepProps } from '../Wizard'
import { whatWords } from '../words'

export function WhatStep({ connection, draft, setDraft, prepared }: ClusterStepProps) {
  const base = prepared.data
  return (
    <div className="wz-cols">
      <div className="wz-col">
        <Card title="What to dump">
          <ChoiceCards
            legend="What to dump"
            value={draft.what}
            onChange={(what) => setDraft({ ...draft, what })}
            options={clusterWhats.map((value) => ({ value, label: whatWords[value].label, help: whatWords[value].help }))}
          />
        </Card>
        {!base && !prepared.error && <Loading>Asking {connection.label}…</Loading>}
        {base && draft.what === 'set' && <Databases {...{ connection, draft, setDraft, prepared }} base={base} />}
      </div>
      <div className="wz-col scroll">
        <Card title={whatWords[draft.what].label} padded>
          {draft.what === 'set' ? (
            <>
              <p className="t2">
                pg_dumpall works through one database after another. A set dumps several at once, reads every one in full after it
                was written, and becomes one backup with one record only when all of them are whole.
              </p>
              <p className="t2" style={{ marginTop: 8 }}>
                Each database is as it is when its own dump begins. Where two databases must agree to the second, stop what writes
                to them first.
              </p>
            </>
          ) : draft.what === 'cluster' ? (
            <p className="t2">
              One script by <span className="mono">pg_dumpall</span>, for restoring a whole cluster into an empty one of the same
              or a newer major version. It is not compressed, and it is read back by <span className="mono">psql</span> from
              beginning to end.
            </p>
          ) : (
            <p className="t2">
              Databases are restored only where their roles and tablespaces exist. This script makes them, and holds no rows.
            </p>
          )}
        </Card>
        {base && !base.superuser && (
          <Note tone="warning">
            The role of this connection is no superuser: passwords of roles are not for it to read, and some databases may not be
            either. The review says what is missing.
          </Note>
        )}
      </div>
    </div>
  )
}

function Databases({ connection, draft, setDraft, base }: ClusterStepProps & { base: ClusterPrepared }) {
  const [text, setText] = useState('')
  const chosen = chosenDatabases(draft, base)
  const shown = base.databases.filter(({ name }) => name.toLowerCase().includes(text.trim().toLowerCase()))
  const sum = base.databases
    .filter(({ name }) => chosen.includes(name))
    .reduce((total, { size }) => total + BigInt(size ?? '0'), 0n)
  return (
    <Card
      className="fill"
      title={`Databases of ${connection.label}`}
      note={`${plural(chosen.length, 'database')}, ${formatBytes(sum)}`}
      actions={
        <>
          <Button kind="ghost" size="xs" onClick={() => setDraft({ ...draft, databases: null })}>
            All but templates
          </Button>
          <Button kind="ghost" size="xs" onClick={() => setDraft({ ...draft, databases: [] })}>
            None
          </Button>
        </>
      }
    >
      {base.databases.length > 8 && (
        <div className="wz-bar">
          <SearchField label={`Find in ${base.databases.length} databases`} value={text} onChange={setText} width={300} />
        </div>
      )}
      <div className="wz-scroll">
        <table className="tb dense" aria-label="Databases">
          <thead>
            <tr>
              <th>Database</th>
              <th className="num">Size</th>
              <th>Owner</th>
              <th>Encoding</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ name, size, owner, encoding, isTemplate, allowsConnections, mayConnect }) => (
              <tr key={name}>
                <td className="wrap">
                  <Tick
                    checked={chosen.includes(name)}
                    disabled={!allowsConnections}
                    onChange={(take) => setDraft(tickDatabase(draft, base, name, take))}
                  >
                    <span className="m">{name}</span>
                  </Tick>{' '}
                  {isTemplate && <Chip>template</Chip>} {!allowsConnections && <Chip>allows no connections</Chip>}
                  {allowsConnections && !mayConnect && <Chip tone="warning">not for this role</Chip>}
                </td>
                <td className="num nw">{size === null ? 'not known' : formatBytes(size)}</td>
                <td className="mono wrap">{owner}</td>
                <td className="t2 sm">{encoding}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {shown.length === 0 && (
          <EmptyState icon="db" title="No database by that name">
            Change or clear the search.
          </EmptyState>
        )}
      </div>
    </Card>
  )
}
