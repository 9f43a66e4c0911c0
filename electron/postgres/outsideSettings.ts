// The settings files of a local cluster that are not in its data directory, with all that they include.
import { readdir, readFile, realpath } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve, sep } from 'node:path'
import type { LocalClusterInfo } from '../../shared/contracts/localClusters'
import type { SpawnTool } from '../process/processTypes'
import { errorCode } from '../process/systemError'
import type { LocalCluster } from './localClusterState'

export interface OutsideSettings {
  /** Absolute paths, sorted. */
  files: string[]
  /** Folders of include_dir: the server does not start without them, empty or not. */
  folders: string[]
  /** Files that are named but can't be read, each in a sentence. */
  problems: string[]
}

/** As deep as PostgreSQL itself follows includes (CONF_FILE_MAX_DEPTH). */
const deepest = 10

/** The server's own program says which files it uses; what they include is read from them. */
export async function findOutsideSettings(
  spawn: SpawnTool,
  info: LocalClusterInfo,
  cluster: LocalCluster,
  signal?: AbortSignal,
): Promise<OutsideSettings> {
  const found: OutsideSettings = { files: [], folders: [], problems: [] }
  const seen = new Set<string>()
  const main = info.configDirectory === null ? null : join(info.configDirectory, 'postgresql.conf')
  for (const name of ['config_file', 'hba_file', 'ident_file']) {
    const path = await askProgram(spawn, cluster, name, main, signal)
    if (path === null) found.problems.push(`postgres could not say what its ${name} is.`)
    else await follow(path, name === 'config_file' ? 'settings' : 'rules', 0, seen, found)
  }
  for (const file of info.configFiles) await follow(file, 'other', 0, seen, found)
  found.files = await notWithin(cluster.dataDirectory, seen)
  found.folders = await notWithin(cluster.dataDirectory, new Set(found.folders))
  return found
}

async function notWithin(dataDirectory: string, paths: ReadonlySet<string>): Promise<string[]> {
  const inside = dataDirectory.endsWith(sep) ? dataDirectory : dataDirectory + sep
  const real = await Promise.all([...paths].map(async (file) => ({ file, real: await realpath(file).catch(() => file) })))
  return real
    .filter((each) => !each.file.startsWith(inside) && !each.real.startsWith(inside))
    .map(({ file }) => file)
    .toSorted()
}

/** null when the program does not answer: a file of settings that it can't read, say. */
async function askProgram(
  spawn: SpawnTool,
  cluster: LocalCluster,
  name: string,
  configFile: string | null,
  signal?: AbortSignal,
): Promise<string | null> {
  const lines: string[] = []
  const exit = await spawn({
    file: join(cluster.bin, 'postgres'),
    argv: ['-D', cluster.dataDirectory, ...(configFile === null ? [] : ['-c', `config_file=${configFile}`]), '-C', name],
    ...(cluster.account ? { runAs: cluster.account } : {}),
    ...(signal ? { signal } : {}),
    onStdout: (line) => lines.push(line),
  })
  const path = lines.at(-1)?.trim() ?? ''
  return exit.code === 0 && isAbsolute(path) ? path : null
}

async function follow(
  file: string,
  syntax: 'settings' | 'rules' | 'other',
  depth: number,
  seen: Set<string>,
  found: OutsideSettings,
): Promise<void> {
  if (seen.has(file) || depth > deepest) return
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT' && (syntax === 'rules' || depth > 0)) return // include_if_exists, or a file never made
    found.problems.push(`${file} can't be read (${errorCode(error) || 'unknown error'}).`)
    return
  }
  seen.add(file)
  if (syntax === 'other') return
  for (const { kind, path } of readIncludes(text, syntax)) {
    const target = resolve(dirname(file), path)
    const files = kind === 'folder' ? await confFiles(target) : [target]
    if (kind === 'folder') found.folders.push(target)
    for (const inner of files) await follow(inner, syntax, depth + 1, seen, found)
  }
}

/** The .conf files of an include_dir, as PostgreSQL chooses them. */
async function confFiles(folder: string): Promise<string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.conf') && !name.startsWith('.'))
    return names.toSorted().map((name) => join(folder, name))
  } catch {
    return [] // absent: the server itself would complain
  }
}

export interface Include {
  kind: 'file' | 'folder'
  path: string
}

/**
 * Lines of include, include_if_exists and include_dir; in pg_hba.conf and pg_ident.conf they came with 16, and lists of
 * names may stand in a file of their own in every version (@file).
 */
export function readIncludes(text: string, syntax: 'settings' | 'rules'): Include[] {
  const found: Include[] = []
  for (const line of text.split('\n')) {
    const match = /^\s*(include|include_if_exists|include_dir)(?:\s*=\s*|\s+)('(?:[^']|'')*'|"(?:[^"]|"")*"|[^\s#]+)/i.exec(line)
    if (match?.[1] && match[2]) {
      const path = unquote(match[2])
      if (path !== '') found.push({ kind: match[1].toLowerCase() === 'include_dir' ? 'folder' : 'file', path })
    } else if (syntax === 'rules' && !/^\s*#/.test(line)) {
      for (const list of line.matchAll(/(?:^|[\s,])@("[^"]+"|[^\s,"#]+)/g)) {
        if (list[1]) found.push({ kind: 'file', path: unquote(list[1]) })
      }
    }
  }
  return found
}

function unquote(word: string): string {
  const quote = word[0]
  return quote === "'" || quote === '"' ? word.slice(1, -1).replaceAll(quote + quote, quote) : word
}
