// The structure of a scratch cluster: pg_amcheck where there is one, and before 14 the extension amcheck on every btree index.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from 'pg'
import type { ShownCommand } from '../../../../shared/jobs/job'
import { AppError } from '../../../../shared/rpc/appError'
import { type BuiltCommand, buildCommand } from '../../../../shared/tools/buildCommand'
import { isAsked, type OptionValues } from '../../../../shared/tools/defineTool'
import { amcheckSince, pgAmcheck } from '../../../../shared/tools/pgAmcheck'
import { shownWords } from '../../../../shared/tools/showCommand'
import type { JobContext } from '../../../jobs/jobTypes'
import { fileName } from '../../../process/findTools'
import { messageOf } from '../../../process/systemError'
import type { RecoveryServices } from '../parts'
import { count, damage, type Scratch, withScratch } from './proveCluster'

/** Unless it is asked for otherwise. */
export const amcheckDefaults: OptionValues = { jobs: 2 }

/** Options that leave something unchecked: what a drill proves is the less for them. */
const narrowing = new Set([
  ...['excludeDatabase', 'schema', 'excludeSchema', 'relation', 'excludeRelation', 'table', 'excludeTable', 'index'],
  ...['excludeIndex', 'noDependentIndexes', 'noDependentToast', 'excludeToastPointers', 'onErrorStop', 'skip'],
])

/** '' when this version of the server has it; else what is done in its stead, in a sentence. */
export function insteadOfAmcheck({ bin, major }: Pick<Scratch, 'bin' | 'major'>): string {
  const instead =
    'the extension amcheck looks at every btree index, where it is installed, and tables are read by counting and dumping'
  if (major < amcheckSince) return `PostgreSQL ${major} has no pg_amcheck: ${instead}.`
  return existsSync(join(bin, fileName('pg_amcheck'))) ? '' : `pg_amcheck is not installed beside this server: ${instead}.`
}

/** The one command line, for the preview and for the run. */
export function planAmcheck(
  scratch: Pick<Scratch, 'socketFolder' | 'port' | 'user' | 'version'>,
  asked: OptionValues,
): BuiltCommand {
  const values: OptionValues = {
    ...amcheckDefaults,
    ...asked,
    ...{ host: scratch.socketFolder, port: scratch.port, username: scratch.user, noPassword: true },
    ...{ all: true, maintenanceDb: 'postgres', installMissing: true, progress: true },
  }
  const built = buildCommand(pgAmcheck, values, { tool: scratch.version, server: scratch.version })
  const owned = pgAmcheck.options.filter((option) => option.owned === true && isAsked(asked[option.key]))
  return {
    ...built,
    problems: [
      ...built.problems,
      ...owned.map(({ key, flag }) => ({ key, flag, message: `${flag} is set by the drill itself.` })),
    ],
  }
}

export function shownAmcheck({ version }: Pick<Scratch, 'version'>, { argv }: BuiltCommand): ShownCommand {
  return { title: 'Check structure', program: 'pg_amcheck', version, words: shownWords(argv), kind: 'program' }
}

/** Before anything is made. Throws AppError bad_input for what this version has not. */
export function refuseAmcheck(scratch: Pick<Scratch, 'bin' | 'major' | 'version'>, asked: OptionValues): void {
  const where = { socketFolder: '/', port: 1, user: 'postgres' }
  const instead = insteadOfAmcheck(scratch)
  const [problem] =
    instead === ''
      ? planAmcheck({ ...scratch, ...where }, asked).problems
      : Object.keys(asked).some((key) => isAsked(asked[key]))
        ? [{ message: instead }]
        : []
  if (problem) {
    throw new AppError('bad_input', `The options of pg_amcheck do not fit: ${problem.message}`, { hint: 'Change the options.' })
  }
}

/** In words what was checked. Throws AppError with the first findings. */
export async function checkWithAmcheck(
  job: JobContext,
  services: RecoveryServices,
  scratch: Scratch,
  databases: readonly string[],
  asked: OptionValues,
): Promise<{ proved: string; notProved: string }> {
  const instead = insteadOfAmcheck(scratch)
  if (instead === '') return runAmcheck(job, scratch, asked)
  let indexes = 0
  for (const database of databases) {
    const found = await withScratch(services, scratch, database, job.signal, checkIndexes)
    if (found === null) {
      const why = scratch.major < amcheckSince ? `PostgreSQL ${scratch.major} has no pg_amcheck` : 'pg_amcheck is not installed'
      return {
        proved: '',
        notProved: `${why}, and the extension amcheck is not installed here either: indexes were not compared with their tables.`,
      }
    }
    indexes += found
  }
  const why = scratch.major < amcheckSince ? `PostgreSQL ${scratch.major} has no pg_amcheck` : 'pg_amcheck is not installed'
  return {
    proved: `amcheck: the structure of ${count(indexes, 'btree index', 'btree indexes')} is sound.`,
    notProved: `${why}: the tuples of tables were read by counting and dumping alone.`,
  }
}

async function runAmcheck(
  job: JobContext,
  scratch: Scratch,
  asked: OptionValues,
): Promise<{ proved: string; notProved: string }> {
  const built = planAmcheck(scratch, asked)
  job.command(shownAmcheck(scratch, built))
  const findings: string[] = []
  let last = ''
  const exit = await job.run({
    file: join(scratch.bin, fileName('pg_amcheck')),
    argv: built.argv,
    logStderr: false,
    onStdout: (line) => {
      if (findings.length < 200) findings.push(line)
      job.log(line, 'error')
    },
    onStderr: (line) => {
      const progress = /\d+\/\d+ relations \(\s*(\d+)%\),\s+(\d+)\/(\d+) pages/.exec(line)
      if (progress) {
        last = line.trim()
        job.progress({ done: Number(progress[2]), total: Number(progress[3]), unit: 'objects', label: 'pages' })
      } else if (line.trim() !== '') job.log(line, /error|warning/i.test(line) ? 'warning' : 'info')
    },
  })
  job.progress(null)
  job.signal.throwIfAborted()
  if (findings.length > 0) throw damage(`pg_amcheck found damage: ${findings.slice(0, 4).join(' ').replaceAll(/\s+/g, ' ')}`)
  if (exit.code !== 0)
    throw damage(
      `pg_amcheck failed: ${exit.stderrTail
        .filter((line) => !line.includes('relations ('))
        .slice(-3)
        .join(' ')}`,
    )
  const [, done, all, pages] = /(\d+)\/(\d+) relations .*?(\d+)\/\d+ pages/.exec(last) ?? []
  if (done === undefined || done !== all || done === '0')
    throw damage(`pg_amcheck did not say that it checked everything: ${last}`)
  const left = pgAmcheck.options.flatMap(({ key, flag }) =>
    narrowing.has(key) && isAsked(asked[key]) && asked[key] !== 'none' ? [flag] : [],
  )
  return {
    proved: `pg_amcheck: ${count(Number(done), 'table and index', 'tables and indexes')}, ${count(Number(pages), 'page')}, without a finding.`,
    notProved: left.length === 0 ? '' : `Structure that pg_amcheck was asked to leave out: ${left.join(', ')}.`,
  }
}

/** How many; null where the extension can't be had. */
async function checkIndexes(client: Client): Promise<number | null> {
  const { rows } = await client.query(`SELECT 1 FROM pg_catalog.pg_available_extensions WHERE name = 'amcheck'`)
  if (rows.length === 0) return null
  await client.query('CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA pg_catalog')
  const indexes = await client.query<{ oid: string; name: string }>(
    `SELECT c.oid::text AS oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
       FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_am a ON a.oid = c.relam
      WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p' AND i.indisvalid AND i.indisready`,
  )
  for (const { oid, name } of indexes.rows) {
    await client.query('SELECT pg_catalog.bt_index_check($1::oid::regclass)', [oid]).catch((error: unknown) => {
      throw damage(`The index ${name} in ${client.database} is damaged: ${messageOf(error)}.`)
    })
  }
  return indexes.rows.length
}
