// Answers the calls of the rescue contract.
import {
  type RescueCounts,
  type RescuePrepared,
  type RescuePreview,
  type RescueRequest,
  type rescue,
  rescueRequest,
} from '../../../shared/contracts/rescue'
import { freeName, momentSuffix } from '../../../shared/model/rescueNames'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import { blockedSentence } from '../../library/preflightRow'
import { foretell } from './foretell'
import { listTables } from './listTables'
import { momentOf } from './moment'
import { beginReading, findSides, liveProblem, type OpenSides, withSides } from './openSides'
import type { Parts, RescueServices } from './parts'
import { readLost } from './planDropped'
import { planRescue, type RescuePlan } from './planRescue'
import { checkRescue, refuseBlocked } from './preflightRescue'
import { keyProblem, type Pair, readPairs, waysOf } from './readPairs'
import { shownName } from './readTable'
import { rescueSteps, runRescue } from './runRescue'
import { planTable, type TablePlan } from './tablePlan'

/** Of what is only looked up in the catalogs; counting takes as long as the tables are. */
const catalogTimeouts = "SET statement_timeout = '60s'; SET lock_timeout = '5s'"

export function rescueHandlers(services: RescueServices, parts: Parts): Handlers<typeof rescue, AbortSignal> {
  const open = async <T>(asked: Parameters<typeof withSides>[2], signal: AbortSignal, work: (sides: OpenSides) => Promise<T>) => {
    const sides = await findSides(services, parts, asked, signal)
    return withSides(services, sides, asked, signal, async (both) => {
      await both.source.client.query(catalogTimeouts)
      await both.target.client.query(catalogTimeouts)
      return work(both)
    })
  }
  return {
    tables: (asked, { signal }) =>
      open(asked, signal, async ({ source, target, past }) => ({
        tables: await listTables(source.client, target.client, past.recovering),
      })),
    prepare: (asked, { signal }) => open(asked, signal, (sides) => prepare(sides, asked)),
    foretell: (asked, { signal }) =>
      open(asked, signal, async (sides) => {
        const { pairs, facts } = await readPairs(sides, [[asked.table.schema, asked.table.name]])
        const [pair] = pairs
        if (!pair) throw new AppError('internal', 'The table was not read.')
        const [counts] = await countAll(sides, [planTable(asked.table, pair, facts, 1)], signal)
        if (!counts) throw new AppError('internal', 'The table was not counted.')
        return counts
      }),
    preview: (request, { signal }) => open(request, signal, (sides) => preview(services, sides, request, signal)),
    start: (request, { signal }) => startRescue(services, parts, request, signal),
  }
}

/** For "run again": the stored request, checked like a new one; what is replaced is typed again. */
export function restartRescue(services: RescueServices, parts: Parts): (input: unknown) => Promise<{ jobId: string }> {
  return (input) => startRescue(services, parts, rescueRequest.parse(input), new AbortController().signal)
}

async function prepare(
  sides: OpenSides,
  { tables, zone, liveDatabase }: { tables: [string, string][]; zone: string; liveDatabase: string },
): Promise<RescuePrepared> {
  const { recovered, live, past, now } = sides
  const { pairs, facts } = await readPairs(sides, tables)
  const moment = momentOf(recovered)
  const suffix = suffixOf(new Date(moment.iso), zone)
  const today = suffixOf(new Date(), zone)
  const facs: RescuePrepared['tables'] = []
  for (const pair of pairs) {
    const taken = new Set(facts.taken.get(pair.past.schema)?.keys() ?? [])
    const ways = waysOf(pair, facts, past.recovering)
    const openWay = (way: string) => ways.find((each) => each.way === way)?.problem === ''
    facs.push({
      schema: pair.past.schema,
      name: pair.past.name,
      live: pair.now ? 'there' : pair.other === '' ? 'gone' : 'other',
      rows: { recovered: pair.past.estimatedRows, live: pair.now?.estimatedRows ?? null },
      ways,
      suggested: openWay('dropped') ? 'dropped' : openWay('missing') ? 'missing' : 'new',
      newName: freeName(pair.past.name, suffix, taken),
      keptName: freeName(pair.past.name, `replaced_${today}`, taken),
      keys: keysOf(pair),
      columns: pair.columns,
      owner: { name: pair.past.owner, there: facts.roles.has(pair.past.owner) },
      triggers: (pair.now?.triggers ?? []).map(({ name, table }) => `${name} on ${table.join('.')}`),
      parents: (pair.now?.foreignKeys ?? []).map(({ parent }) => parent),
      dependents: [
        ...(pair.now?.dependents ?? []),
        ...(pair.now?.referencedBy ?? []).map(({ name, child }) => `foreign key ${name} of ${child.join('.')}`),
      ],
      lost: pair.now ? [] : await readLost(sides, pair.past.schema, pair.past.name),
    })
  }
  return {
    recovered: {
      ...{ server: recovered.server, port: recovered.port, dataDirectory: recovered.dataDirectory, state: recovered.state },
      ...{ moment: moment.iso, momentSays: moment.words, version: past.version },
    },
    live: {
      ...{ label: live.label, host: live.settings.host, port: live.settings.port, database: liveDatabase },
      ...{ systemIdentifier: now.systemIdentifier, version: now.version, user: now.user },
      roles: [...facts.roles].flatMap(([name, { may }]) => ((may || now.superuser) && !name.startsWith('pg_') ? [name] : [])),
    },
    problem: liveProblem(recovered, past, now, live),
    tables: facs,
  }
}

/** By the core's own clock where it does not know the zone. */
function suffixOf(time: Date, zone: string): string {
  try {
    return momentSuffix(time, zone)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return momentSuffix(time, 'UTC')
  }
}

function keysOf(pair: Pair): RescuePrepared['tables'][number]['keys'] {
  return (pair.now?.keys ?? []).map((key) => ({
    name: key.name,
    columns: key.columns,
    primary: key.primary,
    problem: keyProblem(pair, key),
  }))
}

/** One picture of each side for all tables; the live one is asked in between, too. */
async function countAll(sides: OpenSides, tables: readonly TablePlan[], signal: AbortSignal): Promise<RescueCounts[]> {
  const { source, target, past, now } = sides
  await beginReading(source.client, past.version)
  await beginReading(target.client, now.version)
  const counts: RescueCounts[] = []
  const counted = await target.ask(async (probe) => {
    await beginReading(probe, now.version)
    try {
      for (const plan of tables) {
        signal.throwIfAborted()
        counts.push(await foretell({ plan, source, live: target, probe, signal }))
      }
      return { error: null }
    } catch (error) {
      return { error }
    } finally {
      await probe.query('ROLLBACK').catch(() => undefined) // it may be gone: then so is the transaction
    }
  })
  if (!counted) {
    throw new AppError('postgres', 'A second connection to the live database could not be had.', {
      hint: 'Close others there, or raise max_connections.',
    })
  }
  if (counted.error) throw counted.error
  await source.client.query('ROLLBACK')
  await target.client.query('ROLLBACK')
  return counts
}

async function preview(
  services: RescueServices,
  sides: OpenSides,
  request: RescueRequest,
  signal: AbortSignal,
): Promise<RescuePreview> {
  const plan = await planRescue(services, sides, request, signal)
  const before = checkRescue(plan, [])
  // Two tables that can't be compared are not counted for nothing.
  const stands = before.every(
    ({ result, id }) =>
      result !== 'blocker' || ['confirm', 'name', 'owner', 'triggers', 'columns'].includes(id.replace(/:\d+$/, '')),
  )
  const counts = stands ? await countAll(sides, plan.tables, signal) : []
  const preflight = checkRescue(plan, counts)
  return {
    commands: plan.shown,
    preflight,
    writes: writes(plan),
    blocked: blockedSentence(preflight),
    checkedAt: new Date().toISOString(),
    counts,
    danger: dangerOf(plan),
    offered: plan.offered,
  }
}

function writes({ tables, request, open }: RescuePlan): RescuePreview['writes'] {
  const label = { missing: 'Rows that are missing', new: 'New table', replace: 'Rows replaced', dropped: 'Table that was gone' }
  return [
    ...tables.map((table) => ({ label: label[table.asked.way], value: shownName(table.into) })),
    ...tables.flatMap(({ asked, into }) =>
      asked.way === 'replace' ? [{ label: 'Its rows of now', value: `${into.schema}.${asked.newName}` }] : [],
    ),
    { label: 'Where', value: `${request.liveDatabase} on ${open.live.label}` },
  ]
}

function dangerOf({ tables, confirmText, open, request }: RescuePlan): RescuePreview['danger'] {
  if (confirmText === '') return null
  const { live, now } = open
  return {
    ...{ text: confirmText, label: live.label, host: live.settings.host, port: live.settings.port },
    ...{ systemIdentifier: now.systemIdentifier, database: request.liveDatabase },
    tables: tables.flatMap((table) =>
      table.asked.way === 'replace'
        ? [{ table: shownName(table.into), kept: `${table.into.schema}.${table.asked.newName}` }]
        : [],
    ),
  }
}

/** Refuses before anything is written, by any blocker of the checks; rows are counted by the job itself. */
async function startRescue(
  services: RescueServices,
  parts: Parts,
  request: RescueRequest,
  signal: AbortSignal,
): Promise<{ jobId: string }> {
  services.connections.requireWritable(request.live, 'Rescuing')
  const sides = await findSides(services, parts, request, signal)
  const title = await withSides(services, sides, request, signal, async (open) => {
    const plan = await planRescue(services, open, request, signal)
    refuseBlocked(checkRescue(plan, []))
    const [only] = plan.tables.length === 1 ? plan.tables : []
    return `Rescue ${only ? shownName(only.past) : `${plan.tables.length} tables`} into ${request.liveDatabase} on ${sides.live.label}`
  })
  const { id } = services.jobs.start({
    capability: 'rescue',
    title,
    // The typed confirmation is for this one time. The destination keeps the recovered cluster from being thrown away meanwhile.
    input: { ...request, confirm: null, destination: sides.recovered.destination },
    connectionId: request.live,
    serverLabel: sides.live.label,
    steps: rescueSteps(request),
    onCancel: `Nothing is changed in ${request.liveDatabase} on ${sides.live.label}: all of it is one transaction.`,
    locks: [sides.recovered.lock, `rescue:${request.live}/${request.liveDatabase}`],
    run: (job) => runRescue(services, parts, request, job),
  })
  return { jobId: id }
}
