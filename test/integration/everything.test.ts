// The database of everything is one: no kind of object, type or entry of an archive is missing from it.
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readToc } from '../../electron/library/readToc'
import { entryKinds } from '../../shared/model/archiveToc'
import { startCluster, type TestCluster, testMajors } from '../support/clusters'
import { everythingExtensions, makeEverything } from '../support/everything'
import { emptyCatalogNames, emptyCatalogs, missingKinds, missingTypes, noColumnTypes } from '../support/everythingKinds'
import { tempFolder } from '../support/tempFolder'
import { dump } from './restoreSetup'

const database = 'every'
const clusters: TestCluster[] = []

afterAll(async () => {
  await Promise.all(clusters.map((cluster) => cluster.remove()))
})

/** Kinds of entries that an archive of everything has not, with the version they came with or the reason. */
const noEntries = (major: number): Record<string, string> => ({
  'SECURITY LABEL': 'no provider of security labels is installed',
  'SUBSCRIPTION TABLE': 'written for pg_upgrade only',
  'STATISTICS DATA': 'asked for by an option, since 18',
  'BLOB COMMENTS': 'of archives before 9.0',
  'LARGE OBJECT': 'the tag of comments and grants',
  ...(major < 14 ? { 'TABLE ATTACH': 'in the entry of the table itself until 13' } : {}),
  ...(major < 15 ? { 'PUBLICATION TABLES IN SCHEMA': 'since 15' } : {}),
  ...(major < 17 ? { 'BLOB METADATA': 'since 17' } : { BLOB: 'until 16' }),
})

describe.each(testMajors())('PostgreSQL %i', (major) => {
  test('has every kind of object, every type and every kind of entry', async () => {
    const cluster = await startCluster({
      major,
      conf: { wal_level: 'logical' },
      prefix: `kinds${major}`,
      extensions: everythingExtensions,
    })
    clusters.push(cluster)
    await makeEverything(cluster, major, database)
    expect(await missingKinds(cluster, database)).toEqual([])
    expect(await missingTypes(cluster, database)).toEqual(noColumnTypes)
    const empty = await emptyCatalogNames(cluster, database)
    expect(empty).toEqual(
      Object.keys(emptyCatalogs)
        .filter((name) => empty.includes(name))
        .toSorted(),
    )
    const { entries } = await readToc(dump(cluster, database, 'custom', path.join(tempFolder('kinds'), 'archive')))
    const there = new Set(entries.map(({ kind }) => kind))
    expect([...there].filter((kind) => !entryKinds.includes(kind))).toEqual([])
    expect(entryKinds.filter((kind) => !there.has(kind)).toSorted()).toEqual(Object.keys(noEntries(major)).toSorted())
    // The oracle sees: with one thing less there is a kind less.
    await cluster.sql('ALTER EVENT TRIGGER ev_end ENABLE', database)
    expect(await missingKinds(cluster, database)).toEqual(['event triggers: R'])
  }, 60_000)
})
