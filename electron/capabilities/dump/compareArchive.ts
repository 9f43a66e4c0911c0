// After the dump: is in the archive, entry by entry, what was ticked?
import path from 'node:path'
import type { DumpRequest } from '../../../shared/contracts/dump'
import type { JobIssue } from '../../../shared/jobs/job'
import { collectTree } from '../../../shared/model/objectTree'
import type { JobContext } from '../../jobs/jobTypes'
import { differencesOf, type ExpectedContents, expectedOf } from '../../library/compareContents'
import { readToc } from '../../library/readToc'
import { readTree } from '../../postgres/readTree'
import { explainSqlError } from '../../postgres/sqlError'
import { withClient } from '../../postgres/withClient'
import type { DumpPlan, DumpServices } from './planDump'

/** Read before pg_dump takes its snapshot. null, said in the log, where the choice can't be told from the options. */
export async function expectContents(
  job: JobContext,
  plan: DumpPlan,
  request: DumpRequest,
  services: DumpServices,
): Promise<ExpectedContents | null> {
  if (request.format === 'plain') return null
  const work = { connections: services.connections, connection: plan.connection, database: request.database, signal: job.signal }
  const parts = await withClient(work, (client) =>
    readTree(client).catch((error: unknown) => {
      throw explainSqlError(error, `Reading what is in ${request.database}`)
    }),
  )
  const made = collectTree()
  for (const part of parts) made.add(part)
  const expected = expectedOf(made.finish(), request.options, plan.source.inRecovery)
  if (!expected) job.log('The archive is not compared with the choice: its options do not name single objects.')
  return expected
}

/** One issue for what is missing and one for what is there too. */
export async function compareArchive(
  job: JobContext,
  plan: DumpPlan,
  request: DumpRequest,
  expected: ExpectedContents,
): Promise<JobIssue[]> {
  const file = request.format === 'directory' ? path.join(plan.archive, 'toc.dat') : plan.archive
  // pg_dump writes the table of contents as the first member of a tar, whose header is 512 bytes.
  const { entries } = await readToc(file, request.format === 'tar' ? 512 : 0)
  const { missing, unexpected } = differencesOf(expected, entries)
  const issues = [
    ...(missing.length > 0
      ? [difference('was ticked and is not in the archive', 'were ticked and are not in the archive', missing)]
      : []),
    ...(unexpected.length > 0
      ? [difference('is in the archive and was not ticked', 'are in the archive and were not ticked', unexpected)]
      : []),
  ]
  for (const issue of issues) job.issue(issue)
  if (issues.length === 0) job.log(`The archive holds what was ticked: ${entries.length} entries compared.`)
  return issues
}

const shownNames = 20

function difference(one: string, many: string, names: readonly string[]): JobIssue {
  const more = names.length > shownNames ? `\nand ${names.length - shownNames} more` : ''
  const [first = ''] = names
  const what = names.length === 1 ? `One object ${one}` : `${names.length} objects ${many}`
  return {
    severity: 'warning',
    object: names.length === 1 ? first : '',
    objectKind: '',
    entry: '',
    message: `${what}:\n${names.slice(0, shownNames).join('\n')}${more}`,
    statement: '',
    harmless: null,
    advice: 'Objects that were made, renamed or dropped while the dump began differ like this. Dump again to be sure.',
    logLine: null,
  }
}
