// Names that patterns, lists and statements could take for something else, through the ticks of a restore.
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { readToc } from '../../electron/library/readToc'
import { readContents } from '../../shared/model/archiveColumns'
import { withNeeds } from '../../shared/model/archiveGraph'
import { packIds } from '../../shared/model/archiveSelection'
import { quoteIdentifier } from '../../shared/model/identifier'
import { hostileNames, makeManyKinds } from '../fixtures/manyKinds'
import { endMajors, sharedCluster, type TestCluster } from '../support/clusters'
import { dropDatabase, dump, newDatabase, type RestoreLab, restoreLab } from './restoreSetup'

const database = 'Ho"st; --'
const patterns = process.env.WALKBACK_LONG === '1' ? 25 : 2
let lab: RestoreLab

beforeAll(async () => {
  lab = await restoreLab()
})

test.each(endMajors())(
  'PostgreSQL %i: what is ticked among hostile names is restored, and no other',
  async (major) => {
    const cluster = await sharedCluster(major)
    const connection = await lab.connect(cluster)
    await makeManyKinds(cluster, database)
    for (const [at, name] of hostileNames.entries()) {
      await cluster.sql(`INSERT INTO "Ho""st.ile*".${quoteIdentifier(name)} VALUES (${at}), (-${at})`, database)
    }
    const file = dump(cluster, database, 'custom', path.join(lab.folder, `hostile ${major}; "x"`))
    const contents = await lab.core.api.restore.contents({ path: file })
    const { entries } = readContents(contents)
    const tables = entries.filter(({ kind, schema }) => kind === 'TABLE' && schema === 'Ho"st.ile*')
    expect(tables.map(({ tag }) => tag).toSorted()).toEqual([...hostileNames].toSorted())
    for (let pattern = 0; pattern < patterns; pattern += 1) {
      const wanted = tables.filter((_, at) => (at * 7 + pattern) % 3 === 0)
      const names = wanted.map(({ tag }) => tag).toSorted()
      const rows = entries.filter(
        ({ kind, schema, tag }) => kind === 'TABLE DATA' && schema === 'Ho"st.ile*' && names.includes(tag),
      )
      const ticked = withNeeds(entries, new Set([...wanted, ...rows].map(({ id }) => id)))
      const target = `part ${pattern}"; --`
      const choice = { toc: contents.toc, ids: packIds(ticked) }
      const job = await lab.run(lab.request(connection, file, newDatabase(target), { choice, checkRows: true }))
      expect(job.error).toBeNull()
      expect(job.issues).toEqual([])
      expect(job.result?.rowCheck).toMatchObject({ by: 'rows', tables: names.length, matched: names.length })
      expect(await tablesOf(cluster, target)).toEqual(names)
      await dropDatabase(cluster, target)
    }
    await dropDatabase(cluster, database)
  },
  120_000,
)

/** As a dump of the restored database names them. */
async function tablesOf(cluster: TestCluster, database: string): Promise<string[]> {
  const { entries } = await readToc(dump(cluster, database, 'custom', path.join(lab.folder, 'again')))
  return entries
    .filter(({ kind }) => kind === 'TABLE')
    .map(({ tag }) => tag)
    .toSorted()
}
