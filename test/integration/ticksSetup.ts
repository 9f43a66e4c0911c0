// Random ticks against a real pg_dump: what a person may tick, its options, and whether the archive holds just that.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { filterFileFor, writeFilterFile } from '../../electron/capabilities/dump/filterFile'
import { differencesOf, expectedContents } from '../../electron/library/compareContents'
import { readToc } from '../../electron/library/readToc'
import { databaseArgument } from '../../electron/postgres/databaseArgument'
import { findFilters, withFilters } from '../../shared/model/dumpFilters'
import { selectionOf } from '../../shared/model/dumpSelection'
import { collectTree, fullName, hasFlag, isRelation, type ObjectTree } from '../../shared/model/objectTree'
import { setTick, type Ticks, ticksOf } from '../../shared/model/tickTree'
import { buildCommand } from '../../shared/tools/buildCommand'
import type { OptionValues } from '../../shared/tools/defineTool'
import { pgDump } from '../../shared/tools/pgDump'
import { binFolder, type TestCluster } from '../support/clusters'
import type { TestCore } from '../support/core'
import { tempFolder } from '../support/tempFolder'

/** The tree as the page reads it. */
export async function readObjectTree(core: TestCore, cluster: TestCluster, database: string): Promise<ObjectTree> {
  const connectionId = await connect(core, cluster)
  const made = collectTree()
  for await (const part of core.api.objects.tree({ connectionId, database })) made.add(part)
  return made.finish()
}

async function connect(core: TestCore, cluster: TestCluster): Promise<string> {
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

/** So many patterns that pg_dump has options for are dumped, and by a filter file where there is one; `filtered` of them were. */
export async function checkPatterns(
  cluster: TestCluster,
  database: string,
  tree: ObjectTree,
  count: number,
): Promise<{ refused: number; filtered: number }> {
  const { major } = cluster
  const notTold = await comeAlong(cluster, database)
  let [dumped, refused, filtered] = [0, 0, 0]
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
    if (major >= 17 && (await sameByFilterFile(cluster, database, options, entries))) filtered += 1
    const expected = expectedContents(tree, ticks, options)
    expect(differencesOf(expected, entries), `seed ${seed}: ${JSON.stringify(options)}`).toEqual({
      missing: [],
      unexpected: [],
    })
    expect(independentNames(entries, notTold), `seed ${seed}`).toEqual(tickedNames(tree, ticks))
    dumped += 1
  }
  return { refused, filtered }
}

/** Sequences of columns and tables of extensions, by the catalogs: no tick of their own decides on them. */
async function comeAlong(cluster: TestCluster, database: string): Promise<ReadonlySet<string>> {
  const rows = await cluster.sql(
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND (d.deptype = 'e' OR (c.relkind = 'S' AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i'))))`,
    database,
  )
  return new Set(rows.map(({ name }) => String(name)))
}

/** The same names by a filter file: every one of them, hostile ones too, is read there as it is in the command. */
async function sameByFilterFile(
  cluster: TestCluster,
  database: string,
  options: OptionValues,
  entries: readonly { kind: string; schema: string | null; tag: string }[],
): Promise<boolean> {
  const words = (some: typeof entries) => some.map(({ kind, schema, tag }) => `${kind} ${schema} ${tag}`)
  const long = filterFileFor(options, cluster.major * 10000, tempFolder('filter'), 0)
  if (long.file === null) return false
  await writeFilterFile(long.file)
  const file = dump(cluster, database, long.options)
  expect(words((await readToc(file)).entries), long.file.text).toEqual(words(entries))
  fs.rmSync(file)
  return true
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

/** Relations and rows as the archive has them, read apart from the comparison under test. */
function independentNames(
  entries: readonly { kind: string; schema: string | null; tag: string }[],
  notTold: ReadonlySet<string>,
): string[] {
  return entries
    .filter(
      ({ kind, schema, tag }) =>
        /^(TABLE|VIEW|MATERIALIZED VIEW|FOREIGN TABLE|SEQUENCE|TABLE DATA|MATERIALIZED VIEW DATA)$/.test(kind) &&
        !notTold.has(`${schema}.${tag}`),
    )
    .map(({ kind, schema, tag }) => `${kind.endsWith(' DATA') ? 'rows' : 'definition'} ${schema}.${tag}`)
    .sort()
}

function tickedNames(tree: ObjectTree, ticks: Ticks): string[] {
  const names: string[] = []
  for (let node = 0; node < tree.shape.size; node += 1) {
    if (!isRelation(tree, node) || hasFlag(tree, node, 'member')) continue
    const unfilled = hasFlag(tree, node, 'unpopulated')
    if (ticks.columns[0]?.[node] === 1) names.push(`definition ${fullName(tree, node)}`)
    if (ticks.columns[1]?.[node] === 1 && tree.kinds[node] !== 'S' && !unfilled) names.push(`rows ${fullName(tree, node)}`)
  }
  return names.sort()
}
