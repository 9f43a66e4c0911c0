// Step 2: how each table comes back, with the rows counted on both sides.
import { useState } from 'react'
import type { RescueFacts, RescueWay } from '../../../../shared/contracts/rescue'
import { nameProblem } from '../../../../shared/model/rescueNames'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { SelectField, Switch, TextField, Tick } from '../../../components/fields'
import { api } from '../../../rpc/api'
import { ChoiceCards } from '../../../wizard/ChoiceCards'
import { useAsk } from '../../../wizard/useAsk'
import { changeTable, choiceOf, factsOf, isChosen, type RescueChoice, sidesOf, tableRequestOf, wayOf } from '../draft'
import type { RescueStepProps } from '../Wizard'
import { countWords, wayWords } from '../words'
import { ColumnsCard } from './ColumnsCard'

export function HowStep(props: RescueStepProps) {
  const { draft, setDraft, prepared } = props
  const [at, setAt] = useState(0)
  if (!prepared.data) return prepared.error ? null : <Loading>Comparing both definitions…</Loading>
  const index = Math.min(at, draft.tables.length - 1)
  const chosen = draft.tables[index]
  const facts = chosen && factsOf(prepared.data, chosen)
  const fires = draft.tables.some((each) => {
    const known = factsOf(prepared.data, each)
    return known !== undefined && known.triggers.length > 0 && ['missing', 'replace'].includes(wayOf(each, known))
  })
  return (
    <div className="rescue-how">
      <div className="wz-col scroll">
        <Card title="Chosen tables" note={String(draft.tables.length)}>
          {draft.tables.map((each, place) => {
            const known = factsOf(prepared.data, each)
            return (
              <button
                key={`${each.schema}.${each.name}`}
                type="button"
                className="rescue-table"
                aria-current={place === index ? 'true' : undefined}
                onClick={() => setAt(place)}
              >
                <div className="mono wrap m">
                  {each.schema}.{each.name}
                </div>
                <div className="sm t2">{known ? wayWords[wayOf(each, known)].label : 'asking…'}</div>
              </button>
            )
          })}
        </Card>
        <Card title="While it runs" padded>
          <div className="col g12">
            <TextField
              label="Wait for a lock"
              value={String(draft.lockSeconds)}
              onChange={(text) => {
                const seconds = Number(text)
                if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 3600) setDraft({ ...draft, lockSeconds: seconds })
              }}
              unit="s at the most"
              help="Then all is given up, with nothing changed."
              inputMode="numeric"
            />
            {fires && (
              <div>
                <Switch
                  checked={draft.triggers === 'fire'}
                  onChange={(fire) => setDraft({ ...draft, triggers: fire ? 'fire' : 'quiet' })}
                >
                  Triggers fire
                </Switch>
                <div className="t3 sm">
                  Kept quiet, rows come back as they were, and who writes to the table waits for the COMMIT. Foreign keys are
                  checked in any case.
                </div>
              </div>
            )}
          </div>
        </Card>
      </div>
      <div className="wz-col scroll">
        {chosen && facts && <OneTable key={`${chosen.schema}.${chosen.name}`} {...props} chosen={chosen} facts={facts} />}
      </div>
    </div>
  )
}

function OneTable(props: RescueStepProps & { chosen: RescueChoice; facts: RescueFacts }) {
  const { draft, setDraft, chosen, facts, prepared } = props
  const way = wayOf(chosen, facts)
  const change = (changed: Partial<RescueChoice>) => setDraft(changeTable(draft, chosen, changed))
  const open = facts.ways.find((each) => each.way === way)?.problem === ''
  const offered: readonly RescueWay[] = facts.live === 'gone' ? ['dropped', 'new'] : ['missing', 'new', 'replace']
  const ways = offered.flatMap((each) => facts.ways.filter((known) => known.way === each))
  const said = prepared.data
  return (
    <>
      <Card
        title={`${chosen.schema}.${chosen.name}`}
        note={facts.live === 'gone' ? 'gone in the live database' : 'there in the live database'}
      >
        <ChoiceCards
          legend={`How ${chosen.schema}.${chosen.name} comes back`}
          value={way}
          onChange={(next) => change({ way: next })}
          options={ways.map(({ way: each, problem }) => ({
            value: each,
            label: wayWords[each].label,
            help: problem === '' ? wayWords[each].help : problem,
            disabled: problem !== '',
          }))}
        />
        {said && <Details {...props} way={way} change={change} />}
      </Card>
      {open && <Counted {...props} />}
      {facts.columns.length > 0 && way !== 'new' && (
        <ColumnsCard columns={facts.columns} leaveOut={chosen.leaveOut} onLeaveOut={(leaveOut) => change({ leaveOut })} />
      )}
      {way === 'replace' && (
        <Note>
          {facts.dependents.length === 0
            ? 'Nothing depends on this table.'
            : `It stays the same table, so these live on: ${facts.dependents.join(', ')}.`}
        </Note>
      )}
      {facts.lost.length > 0 && (
        <Note tone="warning">
          Gone with it, and not made here: {facts.lost.map(({ what }) => what).join(', ')}. The review shows their statements.
        </Note>
      )}
    </>
  )
}

function Details(
  props: RescueStepProps & {
    chosen: RescueChoice
    facts: RescueFacts
    way: ReturnType<typeof wayOf>
    change: (changed: Partial<RescueChoice>) => void
  },
) {
  const { chosen, facts, way, change, prepared } = props
  const live = prepared.data?.live
  if (!live) return null
  const keys = facts.keys.filter(({ problem }) => problem === '')
  const suggested = keys.find(({ primary }) => primary)
  const newName = chosen.newName ?? facts.newName
  const keptName = chosen.keptName ?? facts.keptName
  const owner = chosen.owner ?? (way === 'dropped' && facts.owner.there ? facts.owner.name : '')
  return (
    <div className="fieldgrid">
      {way === 'new' && (
        <TextField
          label="Name of the new table"
          value={newName}
          onChange={(name) => change({ newName: name })}
          problem={nameProblem(newName)}
          help={`In the schema ${chosen.schema}, named by the moment, ${props.draft.zone || 'UTC'}.`}
          mono
        />
      )}
      {way === 'replace' && (
        <TextField
          label="Table that keeps the rows of now"
          value={keptName}
          onChange={(name) => change({ keptName: name })}
          problem={nameProblem(keptName)}
          help="Nothing is lost: drop it yourself once you are sure."
          mono
        />
      )}
      {(way === 'new' || way === 'dropped') && (
        <SelectField
          label="Owner"
          value={owner}
          onChange={(role) => change({ owner: role === '' ? (way === 'dropped' ? live.user : null) : role })}
          options={[
            { value: '', label: `${live.user}, who connects` },
            ...live.roles.filter((role) => role !== live.user).map((role) => ({ value: role, label: role })),
          ]}
          help={
            facts.owner.there
              ? `It belonged to ${facts.owner.name}.`
              : `It belonged to ${facts.owner.name}, a role that is not there.`
          }
          mono
        />
      )}
      {(way === 'missing' || way === 'replace') && keys.length > 0 && (
        <SelectField
          label="Rows are told apart by"
          value={chosen.key ?? ''}
          onChange={(key) => change({ key: key === '' ? null : key })}
          options={[
            {
              value: '',
              label: suggested
                ? `the primary key (${suggested.columns.join(', ')})`
                : way === 'replace'
                  ? 'no key: all rows are replaced'
                  : 'Choose a key…',
            },
            ...keys
              .filter(({ primary }) => !primary)
              .map(({ name, columns }) => ({ value: name, label: `${name} (${columns.join(', ')})` })),
          ]}
        />
      )}
      {way === 'missing' && (
        <div style={{ alignSelf: 'center' }}>
          <Tick checked={chosen.skipTaken} onChange={(skipTaken) => change({ skipTaken })}>
            Leave out rows whose other unique values are taken
          </Tick>
        </div>
      )}
    </div>
  )
}

/** Both tables are read whole, so it is asked for. */
function Counted({ draft, setDraft, chosen, facts }: RescueStepProps & { chosen: RescueChoice; facts: RescueFacts }) {
  const [wanted, setWanted] = useState(false)
  const sides = sidesOf(draft)
  const table = tableRequestOf(chosen, facts)
  const counted = useAsk(
    wanted && sides ? { ...sides, table } : undefined,
    (asked, options) => api.rescue.foretell(asked, options),
    { delay: 300 },
  )
  const { data, error, busy } = counted
  const parents = (data?.orphans ?? []).filter(({ parent: [schema, name] }) => !isChosen(draft, { schema, name }))
  return (
    <Card
      title="Rows on both sides"
      note={data ? `read in ${data.seconds} s` : ''}
      actions={
        <Button size="xs" icon="refresh" busy={busy} onClick={() => (wanted ? counted.again() : setWanted(true))}>
          {wanted ? 'Count again' : 'Count now'}
        </Button>
      }
      padded
    >
      {!wanted && <div className="t3">The review counts them too. Both tables are read whole for it.</div>}
      {busy && <Loading>Reading both tables…</Loading>}
      {error && <ErrorNote error={error} onRetry={counted.again} />}
      {data && (
        <div className="col g8">
          <div className="m" role="status">
            {countWords(data, table.way)}
          </div>
          {data.byKey && data.byKey.differing.length > 0 && (
            <div className="sm t2 wrap">
              Differ: <span className="mono">{data.byKey.differing.join(', ')}</span>
            </div>
          )}
          {data.taken.map(({ constraint, rows, values }) => (
            <Note key={constraint} tone="warning">
              {rows.toLocaleString('en-US')} have a value that is taken by now ({constraint}):{' '}
              <span className="mono">{values.join(', ')}</span>
            </Note>
          ))}
          {parents.map(({ constraint, parent: [schema, name], rows }) => (
            <Note key={constraint} tone="blocker">
              <div>
                {rows.toLocaleString('en-US')} lead to rows that {schema}.{name} has not ({constraint}).
              </div>
              <Button size="xs" onClick={() => setDraft({ ...draft, tables: [...draft.tables, choiceOf(schema, name)] })}>
                Rescue {schema}.{name} too
              </Button>
            </Note>
          ))}
        </div>
      )}
    </Card>
  )
}
