// The tables against what the real programs say of themselves: no flag missing, none invented, in any version.
import fs from 'node:fs'
import { describe, expect, it } from 'vitest'
import { majorOf, parsePgVersion, supportedMajors } from '../../../shared/model/pgVersion'
import { optionProblem } from '../../../shared/tools/buildCommand'
import type { Tool } from '../../../shared/tools/defineTool'
import { pgAmcheck } from '../../../shared/tools/pgAmcheck'
import { pgBasebackup } from '../../../shared/tools/pgBasebackup'
import { pgCombinebackup } from '../../../shared/tools/pgCombinebackup'
import { pgDump } from '../../../shared/tools/pgDump'
import { pgDumpall } from '../../../shared/tools/pgDumpall'
import { pgReceivewal } from '../../../shared/tools/pgReceivewal'
import { pgRestore } from '../../../shared/tools/pgRestore'
import { pgVerifybackup } from '../../../shared/tools/pgVerifybackup'
import { pgWaldump } from '../../../shared/tools/pgWaldump'
import { psql } from '../../../shared/tools/psql'
import { vacuumdb } from '../../../shared/tools/vacuumdb'

const physical = [pgBasebackup, pgReceivewal, pgVerifybackup, pgCombinebackup, pgWaldump]
const tools: readonly Tool[] = [pgDump, pgRestore, pgDumpall, psql, vacuumdb, pgAmcheck, ...physical]
const recorded = [13, 15, 17, 18] as const

/** Accepted by the programs for old scripts' sake, and in no help text. */
const silent = new Set(['--attribute-inserts'])

function help(program: string, major: number): string {
  return fs.readFileSync(new URL(`../../fixtures/help/${program}-${major}.txt`, import.meta.url), 'utf8')
}

/** Long flags at the beginning of a help line: `  -b, --large-objects, --blobs   include ...`. */
export function flagsInHelp(text: string): Set<string> {
  const flags = new Set<string>()
  for (const line of text.split('\n')) {
    const head = /^ {2,6}(-\S.*)$/.exec(line)?.[1]
    if (head === undefined) continue
    // The description begins after two spaces or more; a flag named in it is not one that this line brings.
    const part = head.split(/ {2,}/)[0] ?? ''
    const words = /^((?:-[\w?](?: \("one"\))?,? ?)?(?:--[a-z-]+(?:\[?=\S*)?,? ?)*)/.exec(part)?.[1] ?? ''
    for (const match of words.matchAll(/--[a-z-]+/g)) flags.add(match[0])
  }
  return flags
}

/** The release whose help was recorded. */
function versionOf(major: number): number {
  return parsePgVersion(help('version', major)) ?? 0
}

/** The flags that a table says this version has, old spellings too where the program still takes them. */
function flagsInTable(tool: Tool, version: number): Set<string> {
  const flags = new Set<string>()
  const major = majorOf(version)
  const has = (row: { since?: number; until?: number; sinceMinor?: Readonly<Record<number, number>> }) =>
    major >= (row.since ?? 0) && major <= (row.until ?? 99) && version % 10000 >= (row.sinceMinor?.[major] ?? 0)
  for (const option of tool.options) {
    if (!has(option)) continue
    if (option.formerly) flags.add(option.formerly.flag)
    if (!option.formerly || major > option.formerly.until) flags.add(option.flag)
  }
  for (const omission of tool.omissions) if (has(omission) && !silent.has(omission.flag)) flags.add(omission.flag)
  return flags
}

describe.each(tools.map((tool) => [tool.program, tool] as const))('%s', (program, tool) => {
  // A program that came later has no help of earlier versions.
  const has = (major: number) => fs.existsSync(new URL(`../../fixtures/help/${program}-${major}.txt`, import.meta.url))
  it.each(recorded.filter(has))('has exactly the flags of the help of version %i', (major) => {
    const fromHelp = flagsInHelp(help(program, major))
    for (const flag of silent) fromHelp.delete(flag)
    expect(fromHelp.size).toBeGreaterThan(8)
    const fromTable = flagsInTable(tool, versionOf(major))
    expect({
      missing: [...fromHelp].filter((flag) => !fromTable.has(flag)),
      invented: [...fromTable].filter((flag) => !fromHelp.has(flag)),
    }).toEqual({
      missing: [],
      invented: [],
    })
  })

  it('gives a reason for each omission', () => {
    for (const omission of tool.omissions) expect(omission.reason.length, omission.flag).toBeGreaterThan(10)
  })

  it('gives each option a label and a help of one or two sentences', () => {
    for (const option of tool.options) {
      expect(option.label, option.key).toMatch(/^[\p{Lu}\\]/u)
      expect(option.label.length, option.key).toBeLessThan(60)
      expect(option.help, option.key).toMatch(/[.]$/)
      expect(option.help.length, option.key).toBeLessThan(200)
    }
  })

  it('says of each option whether each supported version has it', () => {
    for (const option of tool.options) {
      for (const major of supportedMajors) {
        const problem = optionProblem(tool, option.key, {}, { tool: major * 10000 + 30, server: null }) ?? ''
        const missing = major < (option.since ?? 0) || major > (option.until ?? 99)
        expect(/ has no --/.test(problem), `${option.flag} ${major}: ${problem}`).toBe(missing)
      }
    }
  })
})

describe('reading a help text', () => {
  it('takes every spelling of a line and nothing from descriptions', () => {
    const text = [
      '  -b, --large-objects          include large objects in dump',
      '  --blobs                      (same as --large-objects, deprecated)',
      '  -v, --set=, --variable=NAME=VALUE',
      '  -1 ("one"), --single-transaction',
      '  -?, --help[=options]     show this help, then exit',
      '      --csv                CSV table output mode',
      '                           like --nothing here',
      '  --use-set-session-authorization',
    ].join('\n')
    expect([...flagsInHelp(text)]).toEqual([
      '--large-objects',
      '--blobs',
      '--set',
      '--variable',
      '--single-transaction',
      '--help',
      '--csv',
      '--use-set-session-authorization',
    ])
  })
})
