// The tables against the real programs: every option alone is taken, and two together are refused exactly where the table says.
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parsePgVersion } from '../../shared/model/pgVersion'
import { buildCommand, optionProblem } from '../../shared/tools/buildCommand'
import type { OptionValues, Tool } from '../../shared/tools/defineTool'
import { compressions, pgDump } from '../../shared/tools/pgDump'
import { pgDumpall } from '../../shared/tools/pgDumpall'
import { pgRestore } from '../../shared/tools/pgRestore'
import { vacuumdb } from '../../shared/tools/vacuumdb'
import { binFolder, sharedCluster, testMajors } from '../support/clusters'
import { sampleValue, sampleValues } from '../support/optionSamples'
import { tempFolder } from '../support/tempFolder'

const long = process.env.WALKBACK_LONG === '1'
const majors = testMajors()
const folder = tempFolder('options')
const emptyFile = path.join(folder, 'empty')
fs.writeFileSync(emptyFile, '')
fs.chmodSync(emptyFile, 0o644)

interface Run {
  code: number
  stderr: string
}

function run(file: string, argv: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      file,
      [...argv],
      { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', ...env }, cwd: folder, maxBuffer: 1e8 },
      (error, _out, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stderr })
      },
    )
  })
}

function versionOf(bin: string): Promise<number> {
  return new Promise((resolve, reject) => {
    execFile(path.join(bin, 'pg_dump'), ['--version'], (error, out) =>
      error ? reject(error) : resolve(parsePgVersion(out) ?? 0),
    )
  })
}

async function inTurns<T>(items: readonly T[], atOnce: number, action: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await action(item)
    }),
  )
}

/** Each tool with what it needs so that only the options are judged: there is no server and no archive. */
const judged: readonly {
  tool: Tool
  base: OptionValues
  operands: string[]
  accepted: RegExp
  skip: string[]
  stricter?: RegExp
}[] = [
  {
    tool: pgDump,
    base: { host: '/nonexistent', noPassword: true, dbname: 'x' },
    operands: [],
    accepted: /connection to (server|database)|could not connect/,
    skip: ['host', 'port', 'username', 'noPassword', 'dbname', 'file'],
    // One job is no parallel dump for pg_dump; the form offers jobs for the directory format only.
    // pg_dump compresses scripts, which psql then can't read.
    stricter: /--jobs|--format=plain.*--compress/,
  },
  {
    tool: pgRestore,
    base: { host: '/nonexistent', noPassword: true, dbname: 'x' },
    operands: ['/nonexistent/archive'],
    accepted: /could not open input file|connection to (server|database)|could not connect/,
    skip: ['host', 'port', 'username', 'noPassword', 'dbname', 'list', 'useList', 'file', 'restrictKey'],
  },
  {
    tool: pgDumpall,
    base: { host: '/nonexistent', noPassword: true },
    operands: [],
    accepted: /connection to (server|database)|could not connect/,
    skip: ['host', 'port', 'username', 'noPassword', 'dbname', 'database'],
    // It hands these on to pg_dump, which refuses them once databases are reached; a filter can name databases only.
    stricter: /--(schema|data|statistics|globals|roles|tablespaces)-only|--no-statistics/,
  },
  {
    tool: vacuumdb,
    base: { host: '/nonexistent', noPassword: true, dbname: 'x' },
    operands: [],
    accepted: /connection to (server|database)|could not connect/,
    skip: ['host', 'port', 'username', 'noPassword', 'dbname', 'maintenanceDb', 'all'],
  },
]

const newest = majors.at(-1)

describe.each(majors)('two options together, programs of %i', (major) => {
  it.each(judged.map((each) => [each.tool.program, each] as const))(
    '%s refuses what the table refuses, and only that',
    async (program, { tool, base, operands, accepted, skip, stricter }) => {
      const bin = binFolder(major)
      const version = await versionOf(bin)
      const options = tool.options.filter(
        (option) =>
          !skip.includes(option.key) &&
          buildCommand(tool, { ...base, ...sampleValues(tool, option, emptyFile) }, { tool: version, server: null }, operands)
            .problems.length === 0,
      )
      const pairs: OptionValues[] = []
      for (const [index, first] of options.entries()) {
        for (const [step, second] of options.slice(index + 1).entries()) {
          // Without the long run, older versions are asked about every seventh pair.
          if (!long && major !== newest && (index + step) % 7 !== 0) continue
          const values = { ...sampleValues(tool, first, emptyFile), ...sampleValues(tool, second, emptyFile) }
          const output: OptionValues = values.format === 'directory' ? { file: path.join(folder, 'out') } : {}
          pairs.push({ ...values, [first.key]: sampleValue(first, emptyFile), ...base, ...output })
        }
      }
      const wrong: string[] = []
      let refused = 0
      await inTurns(pairs, 3, async (values) => {
        const built = buildCommand(tool, values, { tool: version, server: null }, operands)
        // What the table refuses is put into argv all the same, to see whether the program agrees.
        const argv = tool.options.flatMap((option) => {
          const value = values[option.key]
          if (value === undefined) return []
          return buildCommand(
            { ...tool, options: [{ ...option, excludes: [], requires: [], requiresAny: undefined, check: undefined }] },
            { [option.key]: value },
            { tool: version, server: null },
          ).argv
        })
        const { stderr } = await run(path.join(bin, program), [...argv, ...operands])
        const taken = accepted.test(stderr)
        if (built.problems.length > 0) refused += 1
        const line = argv.join(' ')
        if (taken && built.problems.length > 0 && stricter?.test(line)) return
        if (taken !== (built.problems.length === 0)) {
          wrong.push(
            `${line}: ${taken ? 'taken' : stderr.trim().split('\n')[0]} | table: ${built.problems.map((problem) => problem.message).join(' ') || 'fine'}`,
          )
        }
      })
      expect(pairs.length).toBeGreaterThan(5)
      if (major === newest || long) expect(refused).toBeGreaterThan(3)
      expect(wrong).toEqual([])
    },
    600_000,
  )
})

describe.each(majors)('each option alone, on a server of %i', (major) => {
  it('is taken by the real pg_dump', async () => {
    const cluster = await sharedCluster(major)
    await cluster.sql('CREATE DATABASE options_db')
    await cluster.sql(
      'CREATE TABLE t (x int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE SCHEMA other; CREATE TABLE other.u (y text)',
      'options_db',
    )
    const holder = await cluster.client('options_db')
    await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    const snapshot = String((await holder.query<{ id: string }>('SELECT pg_export_snapshot() AS id')).rows[0]?.id)
    const version = await versionOf(cluster.bin)
    const env = cluster.toolEnv()
    const wrong: string[] = []
    const tried = new Set<string>()
    const own = ['host', 'port', 'username', 'noPassword', 'dbname', 'file']
    await inTurns(pgDump.options, 2, async (option) => {
      const values: OptionValues = {
        host: '127.0.0.1',
        port: cluster.port,
        username: 'postgres',
        noPassword: true,
        dbname: "dbname='options_db'",
        file: path.join(folder, `${major}-${option.key}`),
        ...(own.includes(option.key) ? {} : sampleValues(pgDump, option, emptyFile)),
        ...(option.key === 'snapshot' ? { snapshot } : {}),
        ...(option.key === 'extension' || option.key === 'excludeExtension' ? { [option.key]: ['"plpgsql"'] } : {}),
        ...(option.key === 'includeForeignData' ? { includeForeignData: ['"nothing"'] } : {}),
      }
      const built = buildCommand(pgDump, values, { tool: version, server: version })
      if (built.problems.length > 0) return
      tried.add(option.key)
      const { code, stderr } = await run(path.join(cluster.bin, 'pg_dump'), built.argv, env)
      const fine =
        code === 0 || (option.key === 'includeForeignData' && stderr.includes('no matching foreign servers were found'))
      if (!fine) wrong.push(`${built.argv.join(' ')}: ${stderr.trim()}`)
    })
    await holder.end()
    expect(wrong).toEqual([])
    const expected = pgDump.options.filter(
      (option) =>
        major >= (option.since ?? 0) && major <= (option.until ?? 99) && version % 10000 >= (option.sinceMinor?.[major] ?? 0),
    )
    expect([...tried].toSorted()).toEqual(expected.map((option) => option.key).toSorted())
  })

  it('is taken by the real pg_dump with every compression that is suggested for it', async () => {
    const cluster = await sharedCluster(major)
    const version = await versionOf(cluster.bin)
    const env = cluster.toolEnv()
    const suggested = compressions.filter((choice) => major >= (choice.since ?? 0)).map((choice) => choice.value)
    for (const compress of [
      ...suggested,
      ...(major >= 16
        ? ['none', 'gzip', 'gzip:3', 'zstd:long', 'zstd:level=3,long', 'zstd:long,level=3', 'lz4:0', 'zstd:-5']
        : []),
    ]) {
      const values = {
        host: '127.0.0.1',
        port: cluster.port,
        username: 'postgres',
        dbname: "dbname='postgres'",
        format: 'custom',
        file: path.join(folder, 'c'),
        compress,
      }
      const built = buildCommand(pgDump, values, { tool: version, server: version })
      expect(built.problems, compress).toEqual([])
      expect(await run(path.join(cluster.bin, 'pg_dump'), built.argv, env), compress).toMatchObject({ code: 0 })
    }
    const refused =
      major >= 16
        ? ['lz4:13', 'gzip:0', 'gzip:10', 'zstd:', 'zstd:3,', 'bzip2', 'zstd:99']
        : ['10', 'zstd:3', 'gzip', 'none', '-1']
    for (const compress of refused) {
      const problem = optionProblem(pgDump, 'compress', { format: 'custom', compress }, { tool: version, server: version })
      expect(problem, compress).toBeDefined()
      const { code } = await run(path.join(cluster.bin, 'pg_dump'), [
        '--host=/nonexistent',
        '--dbname=x',
        '--format=custom',
        `--compress=${compress}`,
      ])
      expect(code, compress).not.toBe(0)
    }
  })
})
