// The proofs that every drill ends with, in one order: structure, rows, dump to nowhere. What they show joins the result.
import type { DrillResult } from '../../../../shared/contracts/drill'
import { formatBytes } from '../../../../shared/model/byteCount'
import type { OptionValues } from '../../../../shared/tools/defineTool'
import type { JobContext } from '../../../jobs/jobTypes'
import type { RecoveryServices } from '../parts'
import { checkWithAmcheck } from './checkStructure'
import { count, countRows, dumpToNowhere, listDatabases, type Scratch } from './proveCluster'

/** Throws AppError for the first damage that is found, and names it. */
export async function proveAll(
  job: JobContext,
  services: RecoveryServices,
  scratch: Scratch,
  amcheck: OptionValues,
  result: DrillResult,
): Promise<void> {
  const databases = await listDatabases(services, scratch, job.signal)
  job.step('amcheck')
  const checked = await checkWithAmcheck(job, services, scratch, databases, amcheck)
  if (checked.proved !== '') result.proved.push(checked.proved)
  if (checked.notProved !== '') result.notProved.push(checked.notProved)
  job.endStep('amcheck', checked.proved === '' ? 'skipped' : 'done', checked.proved || checked.notProved)

  job.step('rows')
  const tables = []
  for (const database of databases) tables.push(...(await countRows(job, services, scratch, database)))
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  result.tables = tables.toSorted((a, b) => b.rows - a.rows).slice(0, 200)
  result.proved.push(`Every row of ${count(tables.length, 'table')} was read and counted: ${count(rows, 'row')}.`)
  job.endStep('rows', 'done', `${count(rows, 'row')} in ${count(tables.length, 'table')}`)

  job.step('dump')
  let bytes = await dumpToNowhere(job, scratch, null)
  for (const name of databases) {
    const dumpedBytes = await dumpToNowhere(job, scratch, name)
    bytes += dumpedBytes
    const own = tables.filter(({ database }) => database === name)
    result.databases.push({ name, tables: own.length, rows: own.reduce((sum, table) => sum + table.rows, 0), dumpedBytes })
  }
  result.proved.push(
    `Roles, tablespaces and ${count(databases.length, 'database')} were dumped to nowhere, ${formatBytes(bytes)}: every value can be read.`,
  )
  result.notProved.push('What the data mean: that they are the right ones, only you can tell.')
  job.endStep('dump', 'done', `${count(databases.length, 'database')}, ${formatBytes(bytes)}`)
}
