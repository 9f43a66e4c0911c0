// The tree of a database with every kind of object, and ticks against what a real pg_dump then takes.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { filterFileFor, writeFilterFile } from '../../electron/capabilities/dump/filterFile'
import { differencesOf, expectedContents } from '../../electron/library/compareContents'
import { readToc } from '../../electron/library/readToc'
import { databaseArgument } from '../../electron/postgres/databaseArgument'
import { findFilters, withFilters } from '../../shared/model/dumpFilters'
import { selectionOf } from '../../shared/model/dumpSelection'
import { collectTree, fullName, isRelation, type ObjectTree } from '../../shared/model/objectTree'
import { setTick, type Ticks, ticksOf } from '../../shared/model/tickTree'
import { buildCommand } from '../../shared/tools/buildCommand'
import type { OptionValues } from '../../shared/tools/defineTool'
import { pgDump } from '../../shared/tools/pgDump'
import { makeManyKinds } from '../fixtures/manyKinds'
import { binFolder, newestMajor, sharedCluster, type TestCluster, testMajors } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { tempFolder } from '../support/tempFolder'

const long = process.env.WALKBACK_LONG === '1'
const oldest = Math.min(...testMajors())
const newest = newestMajor()

let core: TestCore
/** Dumps made by a filter file. */
let filtered = 0

beforeAll(async () => {
  core = await startCore()
})

async function connect(cluster: TestCluster): Promise<string> {
  const { id } = await core.api.connections.save({
    id: null,
    label: `tree ${cluster.major}`,
    colour: 'slate',
    readOnly: false,
    settings: {
      host: '127.0.0.1',
      port: cluster.port,
      database: 'postgres',
      user: 'postgres',
      sslmode: 'disable',
      sslrootcert: '',
      sslcert: '',
      sslkey: '',
      service: '',
      passfile: '',
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  return id
}

async function treeOf(connectionId: string, database: string): Promise<ObjectTree> {
  const made = collectTree()
  for await (const part of core.api.objects.tree({ connectionId, database })) made.add(part)
  return made.finish()
}

/** A generator that gives the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296
    return state / 4294967296
  }
}

/** What a person may do: from all or nothing, some ticks set and unset, at any height of the tree. */
function someTicks(tree: ObjectTree, next: () => number): Ticks {
  let ticks = ticksOf(tree.shape, next() < 0.6 ? tree.shape.own : [])
  const clicks = 1 + Math.floor(next() * 8)
  for (let click = 0; click < clicks; click += 1) {
    const node = Math.floor(next() * tree.shape.size)
    const column = next() < 0.7 ? 0 : 1
    ticks = setTick(tree.shape, ticks, node, column, next() < 0.5)
  }
  return ticks
}

function dump(cluster: TestCluster, database: string, options: OptionValues): string {
  const file = path.join(tempFolder('ticks'), 'archive')
  const version = cluster.major * 10000
  const { argv, problems } = buildCommand(
    pgDump,
    { ...options, format: 'custom', dbname: databaseArgument(database), file, noPassword: true },
    { tool: version, server: version },
  )
  expect(problems).toEqual([])
  execFileSync(path.join(binFolder(cluster.major), 'pg_dump'), argv, { env: { ...process.env, ...cluster.toolEnv() } })
  return file
}

describe.each([...new Set([oldest, newest])])('on %i', (major) => {
  const database = 'many kinds'
  let cluster: TestCluster
  let tree: ObjectTree

  beforeAll(async () => {
    cluster = await sharedCluster(major)
    await makeManyKinds(cluster, database)
    tree = await treeOf(await connect(cluster), database)
  }, 120_000)

  const node = (name: string, kind?: string) => {
    for (let at = 0; at < tree.shape.size; at += 1) {
      if (fullName(tree, at) === name && (kind === undefined || tree.kinds[at] === kind)) return at
    }
    throw new Error(`no ${name}`)
  }

  test('the tree shows every kind in its place', () => {
    expect(tree.kinds.split('').filter((kind) => kind === 'd')).toHaveLength(1)
    for (const kind of 'nRrpfmvSslFPatDEeLUuOo') expect(tree.kinds, kind).toContain(kind)
    const parent = (name: string) => fullName(tree, tree.shape.parent[node(name)] ?? -1)
    expect(parent('other.events_2026')).toBe('app.events')
    expect(parent('app.events_2027_b')).toBe('app.events_2027')
    expect(parent('app.orders_id_seq')).toBe('app.orders')
    expect(tree.kinds[node('app.orders_id_seq')]).toBe('s')
    expect(tree.kinds[node('app.ticket')]).toBe('S')
    expect(tree.schemas).toContain('only functions')
    expect(tree.names).toContain('normalise(text)')
    expect(tree.names).not.toContain('pg_trgm_fake')
    expect(tree.bytes[node('app.orders')]).toBeGreaterThan(8192)
    expect(tree.names[node('Extensions') + 1]).toBe('hstore')
  })

  test('everything ticked is no option at all, and no option is everything ticked', () => {
    const all = ticksOf(tree.shape, tree.shape.own)
    const found = findFilters(tree, all, major)
    expect(found.filters && withFilters({}, found.filters)).toEqual({})
    expect(selectionOf(tree, {}).ticks.columns).toEqual(all.columns)
  })

  const count = major === newest ? (long ? 200 : 12) : long ? 40 : 3
  test(`${count} patterns of ticks: the archive holds exactly what was ticked`, async () => {
    let [dumped, refused] = [0, 0]
    for (let seed = major; dumped < count; seed += 1) {
      const ticks = someTicks(tree, random(seed * 7919))
      const found = findFilters(tree, ticks, major)
      if (!found.filters) {
        refused += 1
        expect(found.problem, `seed ${seed}`).toMatch(/^(pg_dump|Nothing is ticked)/)
        continue
      }
      const options = withFilters<never>({}, found.filters)
      const selection = selectionOf(tree, options)
      expect(selection.doubt).toBe('')
      expect(differentTicks(tree, selection.ticks, ticks), `seed ${seed}: ${JSON.stringify(options)}`).toEqual([])
      const file = dump(cluster, database, options)
      const { entries } = await readToc(file)
      fs.rmSync(file)
      if (major >= 17) await sameByFilterFile(cluster, database, options, entries)
      const expected = expectedContents(tree, ticks, options)
      expect(differencesOf(expected, entries), `seed ${seed}: ${JSON.stringify(options)}`).toEqual({
        missing: [],
        unexpected: [],
      })
      expect(independentNames(entries), `seed ${seed}`).toEqual(tickedNames(tree, ticks))
      dumped += 1
    }
    expect(refused).toBeLessThan(dumped * 3)
    if (major >= 17) expect(filtered).toBeGreaterThan(count / 3)
  }, 900_000)
})

/** The same names by a filter file: every one of them, hostile ones too, is read there as it is in the command. */
async function sameByFilterFile(
  cluster: TestCluster,
  database: string,
  options: OptionValues,
  entries: readonly { kind: string; schema: string | null; tag: string }[],
): Promise<void> {
  const words = (some: typeof entries) => some.map(({ kind, schema, tag }) => `${kind} ${schema} ${tag}`)
  const long = filterFileFor(options, cluster.major * 10000, tempFolder('filter'), 0)
  if (long.file === null) return
  await writeFilterFile(long.file)
  const file = dump(cluster, database, long.options)
  expect(words((await readToc(file)).entries), long.file.text).toEqual(words(entries))
  fs.rmSync(file)
  filtered += 1
}

function differentTicks(tree: ObjectTree, one: Ticks, other: Ticks): string[] {
  const names: string[] = []
  for (let node = 0; node < tree.shape.size; node += 1) {
    for (const column of [0, 1]) {
      if (one.columns[column]?.[node] !== other.columns[column]?.[node]) names.push(`${column} ${fullName(tree, node)}`)
    }
  }
  return names
}

/** Relations and rows as the archive has them, read apart from the comparison under test; owned sequences left aside. */
function independentNames(entries: readonly { kind: string; schema: string | null; tag: string }[]): string[] {
  return entries
    .filter(
      ({ kind, tag }) =>
        /^(TABLE|VIEW|MATERIALIZED VIEW|FOREIGN TABLE|SEQUENCE|TABLE DATA|MATERIALIZED VIEW DATA)$/.test(kind) &&
        !tag.endsWith('_id_seq'),
    )
    .map(({ kind, schema, tag }) => `${kind.endsWith(' DATA') ? 'rows' : 'definition'} ${schema}.${tag}`)
    .sort()
}

function tickedNames(tree: ObjectTree, ticks: Ticks): string[] {
  const names: string[] = []
  for (let node = 0; node < tree.shape.size; node += 1) {
    if (!isRelation(tree, node)) continue
    const unfilled = ((tree.flags[node] ?? 0) & 2) !== 0
    if (ticks.columns[0]?.[node] === 1) names.push(`definition ${fullName(tree, node)}`)
    if (ticks.columns[1]?.[node] === 1 && tree.kinds[node] !== 'S' && !unfilled) names.push(`rows ${fullName(tree, node)}`)
  }
  return names.sort()
}
