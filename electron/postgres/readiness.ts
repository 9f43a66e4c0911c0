// Whether a server is ready for physical backup: what each point is now, what it must be, and how to change it.
import type { Client } from 'pg'
import { z } from 'zod'
import type { ReadinessRow, ServerFacts } from '../../shared/contracts/connections'
import { quoteIdentifier } from '../../shared/model/identifier'
import { majorOf } from '../../shared/model/pgVersion'
import { AppError } from '../../shared/rpc/appError'
import type { ResolvedConnection } from '../services'
import { connect } from './connect'
import { ConnectError } from './connectError'
import { readHbaVerdict } from './readinessHba'
import { archiveRow, readKept, slotsRow, walKeepRow } from './readinessKept'

const settingsRow = z.object({
  walLevel: z.string(),
  maxWalSenders: z.number(),
  walSenders: z.number(),
  slotKeep: z.string(),
  summarize: z.string().nullable(),
  mayReadRules: z.boolean(),
})

type Readings = z.infer<typeof settingsRow>

const readingsSql = `
  SELECT current_setting('wal_level') AS "walLevel",
         current_setting('max_wal_senders')::int4 AS "maxWalSenders",
         (SELECT count(*)::int4 FROM pg_stat_replication) AS "walSenders",
         current_setting('max_slot_wal_keep_size') AS "slotKeep",
         current_setting('summarize_wal', true) AS summarize,
         has_table_privilege('pg_hba_file_rules', 'SELECT')
           AND has_function_privilege('pg_hba_file_rules()', 'EXECUTE') AS "mayReadRules"`

/** pg_basebackup streams WAL beside the copy, so it takes two senders. */
const sendersNeeded = 2

export async function readReadiness(
  client: Client,
  facts: ServerFacts,
  connection: ResolvedConnection,
  signal?: AbortSignal,
): Promise<ReadinessRow[]> {
  const { rows } = await client.query(readingsSql)
  const readings = settingsRow.parse(rows[0])
  const kept = await readKept(client)
  return [
    roleRow(facts),
    await replicationRow(client, facts, readings, connection, signal),
    walLevelRow(readings),
    sendersRow(readings),
    slotsRow(kept),
    slotKeepRow(readings),
    walKeepRow(kept),
    archiveRow(kept),
    ...(majorOf(facts.version) >= 17 ? [summarizeRow(readings)] : []),
  ]
}

function roleRow({ role }: ServerFacts): ReadinessRow {
  const able = role.superuser || role.replication
  return {
    id: 'role',
    state: able ? 'ready' : 'blocked',
    check: 'Role may replicate',
    now: role.superuser
      ? `${role.name} is superuser`
      : role.replication
        ? `${role.name} has REPLICATION`
        : `${role.name} has neither`,
    needed: 'REPLICATION or superuser',
    howToChange: able ? '' : `As a superuser: ALTER ROLE ${quoteIdentifier(role.name)} REPLICATION;`,
  }
}

/** The proof is a replication connection that opens; the file's rules only say where it came from. */
async function replicationRow(
  client: Client,
  facts: ServerFacts,
  readings: Readings,
  connection: ResolvedConnection,
  signal: AbortSignal | undefined,
): Promise<ReadinessRow> {
  const row = { id: 'hba', check: 'Replication connection', needed: 'A replication rule in pg_hba.conf that lets this role in' }
  const rules = readings.mayReadRules ? (await readHbaVerdict(client, facts.version)).said : ''
  try {
    const walsender = await connect(connection, { replication: true, ...(signal ? { signal } : {}) })
    try {
      await walsender.query('IDENTIFY_SYSTEM')
    } finally {
      await walsender.end()
    }
    return { ...row, state: 'ready', now: `Opened just now${rules}`, howToChange: '' }
  } catch (error) {
    if (!(error instanceof ConnectError)) {
      if (error instanceof AppError) throw error // cancelled
      const original = error instanceof Error ? error.message : String(error)
      return {
        ...row,
        state: 'unknown',
        now: `Opened, but did not answer: ${original}`,
        howToChange: "Look into the server's log.",
      }
    }
    const { failure, message, hint } = error.words
    // The role is looked at after pg_hba.conf has let it in.
    if (failure === 'role')
      return { ...row, state: 'unknown', now: `${message} Until then pg_hba.conf can't be tried fully.`, howToChange: hint }
    return { ...row, state: failure === 'too-many' ? 'unknown' : 'blocked', now: `${message}${rules}`, howToChange: hint }
  }
}

function walLevelRow({ walLevel }: Readings): ReadinessRow {
  const able = walLevel !== 'minimal'
  return {
    id: 'wal_level',
    state: able ? 'ready' : 'blocked',
    check: 'wal_level',
    now: walLevel,
    needed: 'replica or logical',
    howToChange: able ? '' : "ALTER SYSTEM SET wal_level = 'replica'; then restart the server",
  }
}

function sendersRow({ maxWalSenders, walSenders }: Readings): ReadinessRow {
  const free = maxWalSenders - walSenders
  return {
    id: 'max_wal_senders',
    state: free >= sendersNeeded ? 'ready' : free === 1 ? 'check' : 'blocked',
    check: 'Free WAL senders',
    now: `${walSenders} of ${maxWalSenders} used`,
    needed: `${sendersNeeded} free: one for the files, one for the WAL beside them`,
    howToChange: free >= sendersNeeded ? '' : `ALTER SYSTEM SET max_wal_senders = ${walSenders + 10}; then restart the server`,
  }
}

function slotKeepRow({ slotKeep }: Readings): ReadinessRow {
  const unlimited = slotKeep === '-1'
  return {
    id: 'max_slot_wal_keep_size',
    state: unlimited ? 'check' : 'ready',
    check: 'Limit of WAL kept for slots',
    now: unlimited ? 'no limit' : slotKeep,
    needed: 'A limit below the free space: a forgotten slot fills the disk and stops the server',
    howToChange: unlimited ? "For example: ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; SELECT pg_reload_conf();" : '',
  }
}

function summarizeRow({ summarize }: Readings): ReadinessRow {
  const on = summarize === 'on'
  return {
    id: 'summarize_wal',
    state: on ? 'ready' : 'check',
    check: 'summarize_wal',
    now: summarize ?? 'unknown',
    needed: 'on, for incremental backups; full backups do without',
    howToChange: on ? '' : 'ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf();',
  }
}
