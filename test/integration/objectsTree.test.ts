// The tree of a database with every kind of object, and ticks against what a real pg_dump then takes.
import { beforeAll, describe, expect, test } from 'vitest'
import { findFilters, withFilters } from '../../shared/model/dumpFilters'
import { selectionOf } from '../../shared/model/dumpSelection'
import { fullName, type ObjectTree } from '../../shared/model/objectTree'
import { ticksOf } from '../../shared/model/tickTree'
import { makeManyKinds } from '../fixtures/manyKinds'
import { newestMajor, sharedCluster, type TestCluster, testMajors } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { checkPatterns, readObjectTree } from './ticksSetup'

const long = process.env.WALKBACK_LONG === '1'
const oldest = Math.min(...testMajors())
const newest = newestMajor()

let core: TestCore

beforeAll(async () => {
  core = await startCore()
})

describe.each([...new Set([oldest, newest])])('on %i', (major) => {
  const database = 'many kinds'
  let cluster: TestCluster
  let tree: ObjectTree

  beforeAll(async () => {
    cluster = await sharedCluster(major)
    await makeManyKinds(cluster, database)
    tree = await readObjectTree(core, cluster, database)
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
    const { refused, filtered } = await checkPatterns(cluster, database, tree, count)
    expect(refused).toBeLessThan(count * 3)
    if (major >= 17) expect(filtered).toBeGreaterThan(count / 3)
  }, 900_000)
})
