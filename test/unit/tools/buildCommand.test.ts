// Whole command lines from every row of every table, for every supported major; and what the builder refuses.
import { describe, expect, it } from 'vitest'
import { type PgVersion, supportedMajors } from '../../../shared/model/pgVersion'
import { buildCommand, flagFor, optionProblem } from '../../../shared/tools/buildCommand'
import { defineTool, type OptionValues, type Tool, type ToolOption } from '../../../shared/tools/defineTool'
import { pgAmcheck } from '../../../shared/tools/pgAmcheck'
import { pgBasebackup } from '../../../shared/tools/pgBasebackup'
import { pgCombinebackup } from '../../../shared/tools/pgCombinebackup'
import { pgDump } from '../../../shared/tools/pgDump'
import { pgDumpall } from '../../../shared/tools/pgDumpall'
import { pgReceivewal } from '../../../shared/tools/pgReceivewal'
import { pgRestore } from '../../../shared/tools/pgRestore'
import { pgVerifybackup } from '../../../shared/tools/pgVerifybackup'
import { pgWaldump } from '../../../shared/tools/pgWaldump'
import { readMapping, writeMapping } from '../../../shared/tools/physicalOptions'
import { psql } from '../../../shared/tools/psql'
import { vacuumdb } from '../../../shared/tools/vacuumdb'
import { sampleValues } from '../../support/optionSamples'

const physical = [pgBasebackup, pgReceivewal, pgVerifybackup, pgCombinebackup, pgWaldump]
const tools: readonly Tool[] = [pgDump, pgRestore, pgDumpall, psql, vacuumdb, pgAmcheck, ...physical]
const of = (tool: PgVersion, server: PgVersion | null = null) => ({ tool, server })

/** The last minor that any of these majors has: every option of the major is in it. */
const lastOf = (major: number) => major * 10000 + 30

function has(option: ToolOption, major: number): boolean {
  return major >= (option.since ?? 0) && major <= (option.until ?? 99)
}

/** Written out by hand from the values, apart from the builder: the flag, `=`, the value. */
function expectedArgv(tool: Tool, values: OptionValues, version: PgVersion): string[] {
  return tool.options.flatMap((option) => {
    const value = values[option.key]
    if (value === undefined) return []
    const flag = flagFor(option, version)
    if (typeof value === 'boolean') return [flag]
    return Array.isArray(value) ? value.map((item) => `${flag}=${item}`) : [`${flag}=${String(value)}`]
  })
}

describe.each(tools.map((tool) => [tool.program, tool] as const))('%s', (_program, tool) => {
  const exercised = new Set<string>()

  it.each(supportedMajors)('gives the whole command line of each option in version %i, or says that it has none', (major) => {
    for (const option of tool.options) {
      const values = sampleValues(tool, option, '/tmp/file')
      const built = buildCommand(tool, values, of(lastOf(major)), ['operand'])
      if (has(option, major)) {
        exercised.add(option.key)
        expect(built, option.flag).toEqual({
          program: tool.program,
          argv: [...expectedArgv(tool, values, lastOf(major)), 'operand'],
          problems: [],
        })
      } else {
        expect(
          built.argv.some((word) => word.startsWith(option.flag)),
          option.flag,
        ).toBe(false)
        const when =
          option.since !== undefined && major < option.since
            ? `it came with ${tool.program} ${option.since}.`
            : `${tool.program} ${option.until} was the last to have it.`
        expect(built.problems).toEqual([
          { key: option.key, flag: option.flag, message: `${tool.program} ${major}.30 has no ${option.flag}; ${when}` },
        ])
      }
    }
  })

  it('has exercised every row', () => {
    expect([...exercised].toSorted()).toEqual(tool.options.map((option) => option.key).toSorted())
  })

  it('refuses each pair that a row excludes, from both sides', () => {
    for (const option of tool.options) {
      for (const other of option.excludes ?? []) {
        const second = tool.options.find((candidate) => candidate.key === other)
        if (!second) throw new Error(other)
        const values = { ...sampleValues(tool, option, '/f'), ...sampleValues(tool, second, '/f') }
        const keys = buildCommand(tool, values, of(lastOf(18))).problems.map((problem) => problem.key)
        expect(keys, `${option.key} and ${other}`).toEqual(expect.arrayContaining([option.key, other]))
      }
    }
  })

  it('refuses each option without what it requires', () => {
    for (const option of tool.options) {
      if (!option.requires && !option.requiresAny) continue
      const { [option.key]: value } = sampleValues(tool, option, '/f')
      const version = of(lastOf(option.until ?? 18))
      const problem = optionProblem(tool, option.key, { [option.key]: value ?? true }, version)
      expect(problem, option.key).toBe(option.requires?.[0]?.reason ?? option.requiresAny?.reason)
    }
  })
})

describe('the whole command of a dump', () => {
  const values: OptionValues = {
    file: '/srv/x.partial/data',
    verbose: true,
    compress: 'zstd:3',
    jobs: 4,
    format: 'directory',
    dbname: "dbname='orders'",
    noPassword: true,
    username: 'me',
    port: 5432,
    host: 'db1',
    schema: ['"a"', '"b c"'],
    largeObjects: true,
    lockWaitTimeout: '60s',
    noOwner: false,
    role: '',
    table: [],
  }

  it('comes in the order of the table, whatever the order of the values', () => {
    expect(buildCommand(pgDump, values, of(180006, 180006))).toEqual({
      program: 'pg_dump',
      argv: [
        '--host=db1',
        '--port=5432',
        '--username=me',
        '--no-password',
        "--dbname=dbname='orders'",
        '--format=directory',
        '--jobs=4',
        '--compress=zstd:3',
        '--schema="a"',
        '--schema="b c"',
        '--large-objects',
        '--lock-wait-timeout=60s',
        '--verbose',
        '--file=/srv/x.partial/data',
      ],
      problems: [],
    })
  })

  it('uses the old spelling with an old program, and says what is too new', () => {
    const built = buildCommand(pgDump, values, of(150020))
    expect(built.argv).toContain('--blobs')
    expect(built.argv).not.toContain('--large-objects')
    expect(built.problems).toEqual([
      {
        key: 'compress',
        flag: '--compress',
        message: 'pg_dump 15 compresses with gzip only: give a level from 0 (none) to 9. Methods came with pg_dump 16.',
      },
    ])
  })
})

describe('values', () => {
  const refused: [Tool, OptionValues, string][] = [
    [pgDump, { format: 'directory', jobs: 0 }, '--jobs takes a whole number from 1 to 256.'],
    [pgDump, { format: 'directory', jobs: 1.5 }, '--jobs takes a whole number from 1 to 256.'],
    [pgDump, { format: 'directory', jobs: '4; rm' }, '--jobs takes a whole number from 1 to 256.'],
    [pgDump, { format: 'zip' }, '--format takes one of: directory, custom, tar, plain.'],
    [pgDump, { format: 'custom', jobs: 2 }, 'Only the directory format can be written by several jobs.'],
    [pgDump, { format: 'tar', compress: '6' }, 'The tar format is not compressed by pg_dump.'],
    [
      pgDump,
      { format: 'plain', compress: '6' },
      'psql can’t read a compressed script: choose another format, or no compression.',
    ],
    [pgDump, { schema: ['a', ''] }, '--schema holds an empty entry.'],
    [pgDump, { schema: 'a' }, '--schema takes a list.'],
    [pgDump, { schema: ['a\0b'] }, 'The value of --schema holds a NUL byte.'],
    [pgDump, { role: 'a\0b' }, 'The value of --role holds a NUL byte.'],
    [pgDump, { role: 5 }, '--role takes one text.'],
    [pgDump, { clean: 'yes' }, '--clean is on or off; it takes no value.'],
    [pgDump, { lockWaitTimeout: 'soon' }, 'A time such as 60s, 5min or 1h; a bare number is milliseconds.'],
    [pgDump, { section: ['data', 'predata'] }, '--section takes pre-data, data or post-data, not "predata".'],
    [pgDump, { unknown: true }, 'pg_dump has no option named "unknown".'],
    [
      pgDump,
      { format: 'directory', jobs: 2, includeForeignData: ['s'] },
      'Rows of foreign tables can be dumped by one job only: set parallel jobs to 1.',
    ],
    [
      pgRestore,
      { dbname: 'x', jobs: 2, singleTransaction: true },
      "One transaction can't be shared by several jobs: choose one of the two.",
    ],
  ]

  const physicalRefused: [Tool, OptionValues, number, string][] = [
    [
      pgBasebackup,
      { compress: 'client-gzip:6', format: 'plain' },
      180000,
      'Only tar is compressed: choose tar, or compression on the server for the journey alone.',
    ],
    [pgBasebackup, { compress: 'zstd:23', format: 'tar' }, 180000, 'zstd takes a level from -131072 to 22.'],
    [pgBasebackup, { compress: 'gzip:workers=2', format: 'tar' }, 180000, 'gzip does not take "workers=2" as a detail.'],
    [
      pgBasebackup,
      { compress: 'client-lz4', format: 'tar' },
      140000,
      'pg_basebackup 14 compresses with gzip only: give a level from 0 (none) to 9. Methods came with pg_basebackup 15.',
    ],
    [
      pgBasebackup,
      { target: 'server:here', walMethod: 'fetch' },
      180000,
      'A target is blackhole, or server: and an absolute path on the server.',
    ],
    [
      pgBasebackup,
      { target: 'blackhole', walMethod: 'stream' },
      180000,
      'A backup that goes to a target can’t stream its WAL: fetch it, or leave it to the archive.',
    ],
    [
      pgBasebackup,
      { target: 'blackhole', walMethod: 'fetch', compress: 'client-lz4' },
      180000,
      'With a target, compression happens on the server.',
    ],
    [pgBasebackup, { maxRate: '31' }, 180000, 'A rate from 32k to 1024M a second; a bare number is kB.'],
    [pgBasebackup, { maxRate: '2G' }, 180000, 'A rate from 32k to 1024M a second; a bare number is kB.'],
    [pgBasebackup, { slot: 'My-Slot', walMethod: 'stream' }, 180000, 'A slot’s name is made of a-z, 0-9 and _, 63 at the most.'],
    [pgBasebackup, { slot: 's', walMethod: 'none' }, 180000, 'The WAL is not streamed, so no slot takes part.'],
    [
      pgBasebackup,
      { tablespaceMapping: ['/a'], format: 'plain' },
      180000,
      '"/a" is not OLD=NEW; an equal sign within a path is written \\=.',
    ],
    [pgBasebackup, { tablespaceMapping: ['/a=b'], format: 'plain' }, 180000, 'Both paths of a mapping are absolute.'],
    [pgBasebackup, { tablespaceMapping: ['/a=/b', '/a=/c'], format: 'plain' }, 180000, '/a is mapped twice.'],
    [pgBasebackup, { incremental: '/m' }, 160000, 'pg_basebackup 16.0 has no --incremental; it came with pg_basebackup 17.'],
    [pgReceivewal, { compress: 'zstd' }, 180000, 'Compression is none, gzip or lz4, with a level if wanted: lz4:1.'],
    [pgReceivewal, { compress: 'client-lz4' }, 180000, 'pg_receivewal compresses here only: leave client- out.'],
    [pgReceivewal, { compress: 'lz4', synchronous: true }, 180000, "--compress and --synchronous can't be used together."],
    [pgReceivewal, { endpos: '12' }, 180000, 'A position such as 0/3000060.'],
    [pgCombinebackup, { clone: true, link: true }, 180000, "--clone and --link can't be used together."],
    [pgCombinebackup, { link: true }, 170000, 'pg_combinebackup 17.0 has no --link; it came with pg_combinebackup 18.'],
    [pgVerifybackup, { format: 'tar' }, 170000, 'pg_verifybackup 17.0 has no --format; it came with pg_verifybackup 18.'],
  ]

  it.each(physicalRefused)('%# refuses %j', (tool, values, version, message) => {
    expect(buildCommand(tool, values, of(version)).problems.map((problem) => problem.message)).toContain(message)
  })

  it('maps tablespaces whose paths hold equal signs', () => {
    const text = writeMapping('/srv/a=b', '/srv/c d')
    expect(text).toBe('/srv/a\\=b=/srv/c d')
    expect(readMapping(text)).toEqual({ from: '/srv/a=b', to: '/srv/c d' })
    expect(buildCommand(pgBasebackup, { format: 'plain', tablespaceMapping: [text] }, of(130000)).argv).toContain(
      `--tablespace-mapping=${text}`,
    )
  })

  it.each(refused)('%# refuses %j', (tool, values, message) => {
    expect(buildCommand(tool, values, of(180000)).problems.map((problem) => problem.message)).toContain(message)
  })

  it('takes hostile text as one word, and never as an option', () => {
    const name = '--file=/etc/passwd\n"; $(touch /tmp/x)'
    expect(buildCommand(pgDump, { role: name }, of(180000)).argv).toEqual([`--role=${name}`])
    expect(buildCommand(pgRestore, {}, of(180000), ['--file=x']).argv).toEqual(['--', '--file=x'])
    expect(buildCommand(pgRestore, {}, of(180000), ['/a']).argv).toEqual(['/a'])
    expect(buildCommand(pgRestore, {}, of(180000), ['a\0']).problems).toEqual([
      { key: '', flag: '', message: 'A name or path holds a NUL byte.' },
    ])
  })

  it('knows the minor release that brought an option to old majors', () => {
    const ask = (version: PgVersion) => optionProblem(pgDump, 'restrictKey', { format: 'plain', restrictKey: 'a1' }, of(version))
    expect(ask(130021)).toBe('pg_dump 13.21 has no --restrict-key; it came with pg_dump 13.22.')
    expect(ask(130022)).toBeUndefined()
    expect(ask(170005)).toBe('pg_dump 17.5 has no --restrict-key; it came with pg_dump 17.6.')
    expect(ask(180000)).toBeUndefined()
  })

  it('says why an option can not be used that nobody asked for yet', () => {
    expect(optionProblem(pgDump, 'statisticsOnly', {}, of(170000))).toBe(
      'pg_dump 17.0 has no --statistics-only; it came with pg_dump 18.',
    )
    expect(optionProblem(pgDump, 'clean', { dataOnly: true }, of(170000))).toBe("--clean and --data-only can't be used together.")
    expect(optionProblem(pgDump, 'nothing', {}, of(170000))).toBe('pg_dump has no option named "nothing".')
  })

  it('needs a server new enough where a row says so', () => {
    const tool = defineTool({
      program: 'x',
      options: [{ key: 'a', flag: '--a', label: 'A', help: 'A.', value: { kind: 'flag' }, group: 'g', serverSince: 17 }],
      omissions: [],
    })
    expect(optionProblem(tool, 'a', {}, of(180000, 160009))).toBe(
      '--a needs a server of PostgreSQL 17 or newer; this one is 16.9.',
    )
    expect(optionProblem(tool, 'a', {}, of(180000, 170000))).toBeUndefined()
    expect(optionProblem(tool, 'a', {}, of(180000, null))).toBeUndefined()
  })
})

describe('defineTool', () => {
  const row = (key: string, flag: string, more: Partial<ToolOption> = {}): ToolOption => ({
    key,
    flag,
    label: 'L',
    help: 'H.',
    value: { kind: 'flag' },
    group: 'g',
    ...more,
  })
  it.each([
    [[row('a', '--a'), row('a', '--b')], 'x: option a twice'],
    [[row('a', '--a'), row('b', '--a')], 'x: flag --a twice'],
    [[row('a', '-a')], 'x: -a is not a long flag'],
    [[row('a', '--a', { excludes: ['z'] })], 'x: a names the unknown option z'],
    [[row('a', '--a', { requiresAny: { keys: ['z'], reason: 'r' } })], 'x: a names the unknown option z'],
  ])('%# refuses a table that is wrong', (options, message) => {
    expect(() => defineTool({ program: 'x', options, omissions: [] })).toThrow(message)
  })
})
