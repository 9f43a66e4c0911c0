// What a finished rescue leaves to be read on its job's page: what came back, what stayed, and what was proved.
import type { JobFact, JobResult } from '../../../shared/jobs/job'
import { countOf } from '../../jobs/pace'
import { largeObjectWords } from './largeObjects'
import { momentOf } from './moment'
import { shownName } from './readTable'
import type { Run, TableOutcome } from './run'
import { raisedBy } from './sequences'
import type { TablePlan } from './tablePlan'

export function describeRescue(run: Run, startedAt: number): JobResult {
  const { plan, tables } = run
  const { request, open } = plan
  const outcomes = [...tables]
  const rows = outcomes.reduce((sum, [, { brought }]) => sum + brought, 0)
  const fact = (label: string, value: string, mono = false): JobFact => ({ label, value, mono })
  const [only] = outcomes.length === 1 ? outcomes : []
  const what = only ? oneWords(...only) : `${countOf(rows, 'row')} of ${countOf(outcomes.length, 'table')} were rescued`
  return {
    headline: `${what} in ${request.liveDatabase} on ${open.live.label}, compared with the source before the COMMIT.`,
    facts: [
      ...outcomes.flatMap(([table, outcome]) => tableFacts(table, outcome).map(({ label, value }) => fact(label, value))),
      ...raisedBy(run).map(({ name, from, to }) =>
        fact(`Sequence ${name}`, to === null ? `left at ${from}: it is ahead` : `raised from ${from}, the next number is ${to}`),
      ),
      ...largeObjectFacts(run).map(({ label, value }) => fact(label, value)),
      ...plan.dropped.leftOut.map((text) => fact('Did not come back', text)),
      ...plan.offered.map(({ what: gone }) => fact('Still gone', gone)),
      fact('From', `${request.database} of ${open.recovered.server}, at ${momentOf(open.recovered).words}, only read`),
      fact('Triggers', request.triggers === 'quiet' ? 'kept quiet' : 'fired'),
      fact('Time', `${((performance.now() - startedAt) / 1000).toFixed(1)} s`),
    ],
    backupPath: null,
    database: request.liveDatabase,
    rowCheck: { by: 'rows', against: 'source', tables: outcomes.length, matched: outcomes.length, rows, different: [], left: [] },
  }
}

function largeObjectFacts({ largeObjects }: Run): { label: string; value: string }[] {
  if (!largeObjects) return []
  const { objects, gone } = largeObjects
  return [
    { label: 'Large objects', value: objects === 0 ? 'all are there, none was brought' : largeObjectWords(largeObjects) },
    ...(gone.length > 0
      ? [{ label: 'Rights that large objects lost', value: `of ${gone.join(', ')}: no such role, or not to be given to` }]
      : []),
  ]
}

function oneWords(table: TablePlan, { brought, replaced }: TableOutcome): string {
  const name = shownName(table.past)
  const count = countOf(brought, 'row')
  if (table.asked.way === 'missing') return `${count} came back into ${name}`
  if (table.asked.way === 'new') return `${count} of ${name} are in the new table ${shownName(table.into)}`
  if (table.asked.way === 'dropped') return `${name} came back with ${count}`
  return `${name} has its ${count} of then again, and its ${countOf(replaced?.kept ?? 0, 'row')} of now are in ${table.into.schema}.${table.asked.newName}`
}

const keys = (found: readonly string[], of: number) =>
  of === 0 ? '' : `: ${found.join(', ')}${of > found.length ? ' and others' : ''}`

function tableFacts(table: TablePlan, outcome: TableOutcome): { label: string; value: string }[] {
  const { counts, there = 0, leftOut, replaced, brought } = outcome
  const name = shownName(table.into)
  if (table.asked.way === 'missing' && counts) {
    return [
      { label: name, value: `${countOf(brought, 'row')} came back, of ${counts.recovered.toLocaleString('en-US')} then` },
      ...(counts.different > 0
        ? [
            {
              label: 'Differ, left as they are now',
              value: `${countOf(counts.different, 'row')}${keys(counts.differing, counts.different)}`,
            },
          ]
        : []),
      ...(counts.onlyLive > 0 ? [{ label: 'Came since, and stay', value: countOf(counts.onlyLive, 'row') }] : []),
      ...(there > 0 ? [{ label: 'There by now', value: countOf(there, 'row') }] : []),
      ...(leftOut && leftOut.rows > 0
        ? [{ label: 'Left out', value: `${countOf(leftOut.rows, 'row')}${keys(leftOut.keys, leftOut.rows)}` }]
        : []),
    ]
  }
  if (replaced) {
    const { deleted, updated, inserted, kept } = replaced
    return [
      {
        label: name,
        value: `${inserted.toLocaleString('en-US')} inserted, ${updated.toLocaleString('en-US')} changed, ${deleted.toLocaleString('en-US')} deleted`,
      },
      { label: 'Rows of now', value: `${countOf(kept, 'row')} kept in ${table.into.schema}.${table.asked.newName}` },
    ]
  }
  return [
    { label: name, value: `${countOf(brought, 'row')}, owner ${table.owner === '' ? 'the role that connects' : table.owner}` },
  ]
}
