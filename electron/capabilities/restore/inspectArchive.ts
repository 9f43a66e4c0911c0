// Everything that can be known of an archive or script without a server.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArchiveFacts } from '../../../shared/contracts/restore'
import { parsePgVersion } from '../../../shared/model/pgVersion'
import { type Sniffed, sniffFormat, unreadable } from '../../library/sniffFormat'
import type { DatabaseSettings } from '../../postgres/newDatabase'
import { type ArchiveNeeds, archiveNeeds, databaseSettings } from './archiveNeeds'
import { findSource, type RestoreSource } from './findSource'
import { type ArchiveToc, readToc } from './readToc'
import { type ScriptFacts, scanScript } from './scanScript'

/** An archive with its table of contents, or a script with what reading it showed. */
export type InspectedArchive = {
  source: RestoreSource
  facts: ArchiveFacts
  needs: ArchiveNeeds
  settings: DatabaseSettings
  bytes: bigint
  /** By name, of a directory archive. */
  files: ReadonlyMap<string, number> | null
} & ({ kind: 'archive'; toc: ArchiveToc; tocFile: string } | { kind: 'script'; script: ScriptFacts; gzip: boolean })

/** Throws AppError not_found, permission, bad_input or version_mismatch, each with the way to go. */
export async function inspectArchive(path: string, signal?: AbortSignal): Promise<InspectedArchive> {
  const source = await findSource(path)
  const sniffed = await sniffFormat(source.archive)
  if (sniffed.format === 'directory') {
    const files = await filesOf(source.archive)
    const bytes = [...files.values()].reduce((sum, size) => sum + BigInt(size), 0n)
    return inspectToc(source, sniffed, bytes, files)
  }
  const bytes = await sizeOf(source.archive)
  return sniffed.format === 'plain' ? inspectScript(source, sniffed, bytes, signal) : inspectToc(source, sniffed, bytes, null)
}

async function inspectToc(
  source: RestoreSource,
  sniffed: Exclude<Sniffed, { format: 'plain' }>,
  bytes: bigint,
  files: ReadonlyMap<string, number> | null,
): Promise<InspectedArchive> {
  const toc = await readTocOnce(sniffed.tocFile, sniffed.start)
  const needs = archiveNeeds(toc.entries)
  const read = databaseSettings(toc.entries)
  const entries: Record<string, number> = {}
  for (const { kind } of toc.entries) entries[kind] = (entries[kind] ?? 0) + 1
  return {
    kind: 'archive',
    source,
    toc,
    tocFile: sniffed.tocFile,
    bytes,
    files,
    needs,
    settings: withRecord(source, read),
    facts: {
      ...commonFacts(source, bytes),
      format: sniffed.format,
      database: toc.database,
      createdAt: toc.createdAt,
      serverVersion: toc.serverVersion,
      dumpVersion: toc.dumpVersion === null ? null : (parsePgVersion(toc.dumpVersion) ?? null),
      entries,
      owners: [...needs.roles].flatMap(([name, need]) => (need.owns > 0 ? [name] : [])).toSorted(),
      extensions: needs.extensions,
      tablespaces: [...needs.tablespaces.keys()].toSorted(),
      encoding: read.encoding,
      foreignLine: null,
      restricted: false,
      connects: false,
    },
  }
}

async function inspectScript(
  source: RestoreSource,
  sniffed: Extract<Sniffed, { format: 'plain' }>,
  bytes: bigint,
  signal: AbortSignal | undefined,
): Promise<InspectedArchive> {
  const script = await scanOnce(source.archive, sniffed.gzip, signal)
  const needs = scriptNeeds(script)
  const settings: DatabaseSettings = {
    encoding: script.encoding,
    localeProvider: null,
    collate: null,
    ctype: null,
    locale: null,
    owner: null,
  }
  return {
    kind: 'script',
    source,
    script,
    gzip: sniffed.gzip,
    bytes,
    files: null,
    needs,
    settings: withRecord(source, settings),
    facts: {
      ...commonFacts(source, bytes),
      format: 'plain',
      database: source.record?.source.database ?? script.createsDatabases[0] ?? null,
      createdAt: script.createdAt ?? source.record?.startedAt ?? null,
      serverVersion: script.serverVersion,
      dumpVersion: script.dumpVersion === null ? null : (parsePgVersion(script.dumpVersion) ?? null),
      entries: script.entries,
      owners: [...script.owners.keys()].toSorted(),
      extensions: needs.extensions,
      tablespaces: [...needs.tablespaces.keys()].toSorted(),
      encoding: script.encoding,
      foreignLine: script.text.foreign?.line ?? null,
      restricted: script.restricted,
      connects: script.connects.length > 0,
    },
  }
}

/** The last table of contents read, by path, size and times: the form asks for it in each of its steps. */
let lastToc: { key: string; toc: ArchiveToc } | null = null

async function readTocOnce(path: string, start: number): Promise<ArchiveToc> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(path)
  const key = [path, size, mtimeMs, ctimeMs, ino].join('\0')
  if (lastToc?.key === key) return lastToc.toc
  const toc = await readToc(path, start)
  lastToc = { key, toc }
  return toc
}

/** The last script read, by path, size and times: reading takes long and the form asks again at each change. */
let lastScan: { key: string; script: ScriptFacts } | null = null

async function scanOnce(path: string, gzip: boolean, signal: AbortSignal | undefined): Promise<ScriptFacts> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(path)
  const key = [path, size, mtimeMs, ctimeMs, ino].join('\0')
  if (lastScan?.key === key) return lastScan.script
  const script = await scanScript(path, gzip, signal)
  lastScan = { key, script }
  return script
}

/** What the script makes by itself it does not need. */
function scriptNeeds(script: ScriptFacts): ArchiveNeeds {
  const roles: ArchiveNeeds['roles'] = new Map()
  const add = (names: Map<string, number>, key: 'owns' | 'grants') => {
    for (const [name, times] of names) {
      if (script.createsRoles.has(name)) continue
      const need = roles.get(name) ?? { owns: 0, grants: 0, policies: 0 }
      need[key] += times
      roles.set(name, need)
    }
  }
  add(script.owners, 'owns')
  add(script.grantees, 'grants')
  const tablespaces = new Map([...script.tablespaces].filter(([name]) => !script.createsTablespaces.has(name)))
  return { roles, tablespaces, extensions: [...script.extensions].filter((name) => name !== '').toSorted() }
}

function commonFacts(source: RestoreSource, bytes: bigint) {
  return {
    archive: source.archive,
    size: bytes.toString(),
    record: source.record,
    recordPath: source.recordPath,
    globalsPath: source.globalsPath,
  }
}

/** The record knows the source database best: it asked the server. */
function withRecord(source: RestoreSource, read: DatabaseSettings): DatabaseSettings {
  const from = source.record?.source
  if (!from) return read
  return {
    encoding: from.encoding ?? read.encoding,
    localeProvider: from.localeProvider ?? read.localeProvider,
    collate: from.collate ?? read.collate,
    ctype: from.ctype ?? read.ctype,
    locale: from.locale ?? read.locale,
    owner: from.owner ?? read.owner,
  }
}

async function sizeOf(path: string): Promise<bigint> {
  try {
    return BigInt((await stat(path)).size)
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** One after the other 25,000 files take a second. */
const statsAtOnce = 256

/** The size of every file of a folder. */
async function filesOf(folder: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  try {
    const names = await readdir(folder)
    for (let at = 0; at < names.length; at += statsAtOnce) {
      const some = names.slice(at, at + statsAtOnce)
      const facts = await Promise.all(some.map((name) => stat(join(folder, name))))
      some.forEach((name, index) => void sizes.set(name, facts[index]?.size ?? 0))
    }
  } catch (error) {
    throw unreadable(folder, error)
  }
  return sizes
}
