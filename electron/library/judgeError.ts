// What an error of a restore means: known to do no harm, or what the person can do about it.
import { formatPgVersion, majorOf, type PgVersion } from '../../shared/model/pgVersion'

export interface Judgement {
  /** The reason it does no harm; null when it counts. */
  harmless: string | null
  advice: string
}

export interface JudgeFacts {
  server: PgVersion
  /** pg_restore or psql. */
  program: string
  tool: PgVersion
}

/** Settings that pg_dump and pg_restore switch off at the start, by the major that brought them. */
const timeLimits: Readonly<Record<string, number>> = { transaction_timeout: 17 }

/** `message` without the leading ERROR:, `statement` as the tool printed it. */
export function judgeError(message: string, statement: string, facts: JudgeFacts): Judgement {
  const harmless = harmlessReason(message, statement.trim(), facts)
  return harmless === null ? { harmless, advice: adviceFor(message, facts) } : { harmless, advice: '' }
}

function harmlessReason(message: string, statement: string, facts: JudgeFacts): string | null {
  const setting = /^unrecognized configuration parameter "([^"]+)"/.exec(message)?.[1]
  const since = setting === undefined ? undefined : timeLimits[setting]
  // Without the statement (a script run by an older psql) the message alone is proof enough: nothing else names it.
  if (setting !== undefined && since !== undefined && (statement === '' || statement.startsWith(`SET ${setting} = 0`))) {
    return (
      `${facts.program} switches the time limit ${setting} off at the start. It came with PostgreSQL ${since}; ` +
      `this server is ${formatPgVersion(facts.server)} and has no such limit. Nothing is missing.`
    )
  }
  if (message.startsWith('schema "public" already exists')) {
    return 'Every new database has a schema named public. The one that is there is used.'
  }
  if (message.startsWith('must be owner of extension ') && statement.startsWith('COMMENT ON EXTENSION ')) {
    return 'Only the comment of an extension could not be set; the server wrote the same one when it created the extension.'
  }
  if (message.startsWith('must be owner of schema public') && statement.startsWith('COMMENT ON SCHEMA public ')) {
    return 'Only the comment of the schema public could not be set.'
  }
  if (/^role "(?:.*)" already exists/s.test(message) && statement.startsWith('CREATE ROLE ')) {
    return 'The role is there already; what the script says of it next (ALTER ROLE) is applied to it.'
  }
  if (/^current user cannot be dropped|^cannot drop role .* because it is required by the database system/.test(message)) {
    return 'This role can’t be dropped and stays; what the script says of it next (ALTER ROLE) is applied to it.'
  }
  if (message.startsWith('extension "plpgsql" already exists')) return 'plpgsql is part of every database.'
  return null
}

function adviceFor(message: string, facts: JudgeFacts): string {
  const role = /^role "(.*)" does not exist/s.exec(message)?.[1]
  if (role !== undefined) return `Create the role ${role} from the saved globals, or restore without owners and privileges.`
  const tablespace = /^tablespace "(.*)" does not exist/s.exec(message)?.[1]
  if (tablespace !== undefined) return `Create the tablespace ${tablespace}, or restore without tablespaces.`
  const extension =
    /^extension "(.*)" is not available/s.exec(message)?.[1] ??
    /could not open extension control file ".*\/([^/"]+)\.control"/.exec(message)?.[1]
  if (extension !== undefined) {
    return `Install the package with the extension ${extension} for PostgreSQL ${majorOf(facts.server)} on the server’s machine, then restore again.`
  }
  if (/ already exists|multiple primary keys for table/.test(message)) {
    return 'The database was not empty. Restore into a new one, or drop first what is there (--clean).'
  }
  if (/^duplicate key value violates unique constraint|could not create unique index/.test(message)) {
    return 'Rows with this key are there already, or sort differently here than where the dump was made.'
  }
  if (/violates foreign key constraint/.test(message)) {
    return 'Rows point to rows that are not there: the other table was left out, or its rows failed to load.'
  }
  if (/^must be (owner|superuser|member)|^permission denied|^must be able to SET ROLE/.test(message)) {
    return 'Restore as a superuser or as the owner, or restore without owners and privileges.'
  }
  if (/^invalid (locale|collation)|^collation ".*" for encoding .* does not exist|could not create locale/.test(message)) {
    return 'The server’s machine lacks this locale. Install it there, then restore again.'
  }
  if (/^(operator class|type|function|operator|access method) .*does not exist/.test(message)) {
    return 'Something it needs was not restored: look at the errors before this one, an extension may be missing.'
  }
  if (message.startsWith('deadlock detected')) {
    return 'Two parallel jobs waited for each other, and the server ended one. Restore again with one job, or run this statement by hand.'
  }
  if (/could not extend file|No space left on device/.test(message)) {
    return 'The server’s disk is full. Make room, then restore again.'
  }
  if (message.startsWith('unrecognized configuration parameter')) {
    return `The dump comes from a newer PostgreSQL; this server is ${formatPgVersion(facts.server)}.`
  }
  return ''
}
