// Why archiving failed, in the words of the server's log, or where that log is.
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from 'pg'
import { z } from 'zod'
import { readLogFrom } from './localClusterLog'

export interface ArchiverWords {
  /** null when the log can't be read from here, or says nothing of it any more. */
  message: string | null
  /** Where the log is, in a sentence. */
  where: string
}

const facts = z.object({
  collector: z.boolean(),
  file: z.string().nullable(),
  mayRead: z.boolean(),
  data: z.string().nullable(),
  destination: z.string(),
})

const factsSql = `
  SELECT current_setting('logging_collector') = 'on' AS collector,
         CASE WHEN has_function_privilege('pg_catalog.pg_current_logfile()', 'EXECUTE')
              THEN pg_catalog.pg_current_logfile() END AS file,
         pg_catalog.pg_has_role('pg_read_server_files', 'MEMBER')
           AND has_function_privilege('pg_catalog.pg_read_file(text,bigint,bigint)', 'EXECUTE') AS "mayRead",
         (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory') AS data,
         current_setting('log_destination') AS destination`

const tailBytes = 256 * 1024

/** `here`: the server runs on this machine. */
export async function readArchiverWords(client: Client, here: boolean): Promise<ArchiverWords> {
  const { collector, file, mayRead, data, destination } = facts.parse((await client.query(factsSql)).rows[0])
  if (collector && file !== null) {
    const where = `The server’s log is ${file.startsWith('/') || data === null ? file : `${data}/${file}`} on its machine.`
    if (!mayRead) return { message: null, where }
    const { rows } = await client.query<{ text: string }>(
      'SELECT pg_catalog.pg_read_file($1, greatest(0, (pg_catalog.pg_stat_file($1)).size - $2), $2) AS text',
      [file, tailBytes],
    )
    return { message: archiverMessage((rows[0]?.text ?? '').split('\n')), where }
  }
  const own = here && data !== null ? standardError(data) : null
  if (own !== null) {
    const lines = await readTail(own)
    return { message: lines && archiverMessage(lines), where: `The server’s log is ${own}.` }
  }
  if (!collector && destination.includes('stderr')) {
    return {
      message: null,
      where: 'The server writes its log to standard error: look where its service keeps that, on Debian in /var/log/postgresql.',
    }
  }
  return { message: null, where: `The server’s log goes to ${destination} on its machine.` }
}

/** The file that the postmaster's standard error goes to; Linux alone tells, and only the same account or root. */
function standardError(dataDirectory: string): string | null {
  try {
    const pid = readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0] ?? ''
    const target = readlinkSync(`/proc/${Number(pid)}/fd/2`)
    return target.startsWith('/') && !target.startsWith('/dev/') && existsSync(target) ? target : null
  } catch {
    return null // not ours to see: the sentence tells where to look
  }
}

async function readTail(file: string): Promise<string[] | null> {
  try {
    return (await readLogFrom(file, 0)).slice(-2000)
  } catch {
    return null // not readable: the sentence tells where it is
  }
}

/**
 * The last failure of the archiver: its own line and what the command itself wrote just before, which has no prefix.
 * Words of pgarch.c, 13 to 18.
 */
export function archiverMessage(lines: readonly string[]): string | null {
  // That it failed too many times says nothing of why: it counts only where no try is told any more.
  const tried = lines.findLastIndex((line) =>
    /archive command (?:failed|was terminated)|archive_mode enabled, yet archiv/.test(line),
  )
  const at = tried >= 0 ? tried : lines.findLastIndex((line) => /archiving write-ahead log file "[^"]*" failed/.test(line))
  const line = lines[at]
  if (line === undefined) return null
  const said: string[] = []
  for (let before = at - 1; before >= 0 && said.length < 3; before -= 1) {
    const text = lines[before] ?? ''
    // A line of the server itself has a severity; continuation lines of it begin with a tab.
    if (
      text === '' ||
      text.startsWith('\t') ||
      /\b(?:LOG|DETAIL|HINT|WARNING|FATAL|ERROR|STATEMENT|CONTEXT|PANIC|NOTICE|INFO|DEBUG\d):\s/.test(text)
    )
      break
    said.unshift(text.trim())
  }
  const own = line.replace(/^.*?\b(?=(?:LOG|WARNING|FATAL):)/, '')
  return [...said, own].join(' · ')
}
