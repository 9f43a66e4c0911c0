// Ticks over a database with every kind of object that its server has: the archive holds exactly what was ticked.
import { expect, test } from 'vitest'
import { newestMajor, startCluster, testMajors } from '../support/clusters'
import { startCore } from '../support/core'
import { everythingExtensions, makeEverything } from '../support/everything'
import { checkPatterns, readObjectTree } from './ticksSetup'

const database = 'every'
const long = process.env.WALKBACK_LONG === '1'
const majors = testMajors()
/** All counts are of dumps, each of half a second and more. Between the ends the options are no others. */
const counts = majors.map((major) => {
  const end = major === majors[0] || major === newestMajor()
  return [major, long ? (end ? 200 : 40) : end ? 3 : 1] as const
})

test.each(counts)(
  'PostgreSQL %i: %i patterns of ticks over everything',
  async (major, count) => {
    const core = await startCore()
    const cluster = await startCluster({
      major,
      conf: { wal_level: 'logical' },
      prefix: `ticks${major}`,
      extensions: everythingExtensions,
    })
    try {
      await makeEverything(cluster, major, database)
      const tree = await readObjectTree(core, cluster, database)
      const { refused, filtered } = await checkPatterns(cluster, database, tree, count)
      expect(refused).toBeLessThan(count * 3)
      if (long && major >= 17) expect(filtered).toBeGreaterThan(count / 3)
    } finally {
      await core.stop()
      await cluster.remove()
    }
  },
  1_800_000,
)
