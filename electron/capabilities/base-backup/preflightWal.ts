// The checks of a base backup that are about WAL: level, senders, how it comes along, slots, and what an incremental one builds on.
import { parseLsn } from '../../../shared/model/lsn'
import { formatPgVersion, majorOf } from '../../../shared/model/pgVersion'
import type { PreflightFix, PreflightRow } from '../../../shared/model/preflight'
import { utcText } from '../../../shared/model/utcText'
import { isAsked } from '../../../shared/tools/defineTool'
import { row, setOption } from '../../library/preflightRow'
import type { PhysicalSource } from '../../postgres/readPhysicalSource'
import type { BaseBackupFacts } from './preflightBase'
import { summarizeStatements } from './summarize'

export function checkWalLevel({ source }: BaseBackupFacts): PreflightRow[] {
  if (source.walLevel !== 'minimal') return []
  return [
    row(
      'wal_level',
      'blocker',
      'wal_level',
      "The server runs with wal_level = minimal: no base backup is possible. ALTER SYSTEM SET wal_level = 'replica', then restart the server.",
    ),
  ]
}

export function checkSenders({ request, source }: BaseBackupFacts): PreflightRow[] {
  // pg_basebackup streams when it is not told otherwise.
  const needed = (request.options.walMethod ?? 'stream') === 'stream' ? 2 : 1
  if (source.freeSenders >= needed)
    return [row('senders', 'pass', 'WAL senders', `${source.freeSenders} free, ${needed} needed.`)]
  return [
    row(
      'senders',
      'blocker',
      'WAL senders',
      `${source.freeSenders} free, ${needed} needed: another backup or standby uses them. Wait, or raise max_wal_senders and restart the server.`,
    ),
  ]
}

export function checkWal({ request, source, archives }: BaseBackupFacts): PreflightRow[] {
  const { walMethod, waldir } = request.options
  if (isAsked(waldir)) {
    const text = `The WAL will lie in ${String(waldir)}, outside the backup’s folder: who copies or deletes the backup must think of both.`
    return [row('waldir', 'warning', 'WAL of the backup', text, [setOption('Keep it inside', 'waldir', '')])]
  }
  if (walMethod !== 'none') return []
  const stream = setOption('Stream the WAL', 'walMethod', 'stream')
  if (source.archiving) {
    const text =
      'The backup does not hold its WAL: it is worth something only with every archived segment from its start to its end. pg_basebackup waits until the server has archived them.'
    return [row('wal', 'warning', 'WAL of the backup', text, [stream])]
  }
  const archive = archives.find(
    (each) =>
      each.kind === 'stream' &&
      each.stream !== null &&
      each.systemIdentifier !== null &&
      each.systemIdentifier === source.systemIdentifier &&
      source.slots.includes(each.stream.slot),
  )
  if (archive?.stream) {
    const { slot } = archive.stream
    const text = source.activeSlots.includes(slot)
      ? `The backup does not hold its WAL: it can be started only together with the streaming archive ${archive.folder}, which receives it now through the slot ${slot}. Nothing else has it: archive_mode is off.`
      : `The backup does not hold its WAL, and the streaming archive ${archive.folder} is not receiving now. Its slot ${slot} keeps the WAL until it goes on: start it again, or this backup can never be started.`
    return [row('wal', 'warning', 'WAL of the backup', text, [stream])]
  }
  return [
    row(
      'wal',
      'blocker',
      'WAL of the backup',
      'The server archives no WAL, and no streaming archive of it is known, so a backup without WAL could never be started. Stream the WAL, or set up an archive first.',
      [stream],
    ),
  ]
}

export function checkSlot({ request, source, target }: BaseBackupFacts): PreflightRow[] {
  const { slot, createSlot, walMethod, noSlot } = request.options
  if ((walMethod ?? 'stream') !== 'stream' || noSlot === true || target !== null) return []
  if (typeof slot === 'string' && slot !== '') {
    const exists = source.slots.includes(slot)
    if (createSlot === true && exists) {
      return [
        row('slot', 'blocker', 'Replication slot', `There is a slot ${slot} already.`, [
          setOption('Use that slot', 'createSlot', false),
        ]),
      ]
    }
    if (createSlot !== true && !exists) {
      return [row('slot', 'blocker', 'Replication slot', `There is no slot ${slot}.`, [setOption('Make it', 'createSlot', true)])]
    }
    if (createSlot !== true) return []
    const failing = request.keepSlot ? 'It stays also when the backup fails.' : 'It is dropped when the backup fails.'
    const kept = `The slot ${slot} stays after the backup and keeps WAL until somebody reads from it or drops it. ${failing}`
    return [
      row('slot', source.freeSlots > 0 ? 'warning' : 'blocker', 'Replication slot', source.freeSlots > 0 ? kept : noFreeSlot),
    ]
  }
  if (source.freeSlots > 0) return []
  return [row('slot', 'blocker', 'Replication slot', noFreeSlot, [setOption('Go without a slot', 'noSlot', true)])]
}

const noFreeSlot =
  'Every replication slot is in use. Drop one that nobody reads, raise max_replication_slots and restart, or go without.'

export function checkParent({ request, source, parent }: BaseBackupFacts): PreflightRow[] {
  if (request.parent === null || !parent) return []
  const { record } = parent
  const full = setOption('Take a full backup', 'parent', '')
  const refuse = (text: string, fixes: PreflightFix[] = [full]) => [row('parent', 'blocker', 'Builds on', text, fixes)]
  if (majorOf(source.version) < 17)
    return refuse(`Incremental backups came with PostgreSQL 17; this server is ${formatPgVersion(source.version)}.`)
  if (!record.manifest) return refuse('That backup has no manifest: nothing can build on it.')
  if (!parent.manifest) return refuse(`The manifest ${record.manifest.path} of that backup is missing: nothing can build on it.`)
  if (source.systemIdentifier !== null && record.source.systemIdentifier !== source.systemIdentifier) {
    return refuse(
      `That backup is of another cluster: system identifier ${record.source.systemIdentifier ?? 'unknown'}, this server's is ${source.systemIdentifier}.`,
    )
  }
  if (source.summarizing !== true) {
    const statements = [...summarizeStatements]
    return refuse(
      `The server does not summarize its WAL (summarize_wal = off): ${statements.join(' ')} An older backup can be built on only as far as the server still has the WAL since it.`,
      [{ label: 'Turn summarize_wal on…', action: { kind: 'summarize-wal', statements } }, full],
    )
  }
  return [summariesRow(source, record.start, record.startedAt, full)]
}

function summariesRow(
  source: PhysicalSource,
  start: { timeline: number; lsn: string },
  startedAt: string,
  full: PreflightFix,
): PreflightRow {
  const from = source.summaries.find(({ timeline }) => timeline === start.timeline)?.from
  const [begins, needed] = [parseLsn(from ?? ''), parseLsn(start.lsn)]
  if (begins !== undefined && needed !== undefined && begins > needed) {
    const text = `The summaries of the WAL begin at ${from ?? ''}, after that backup did (${start.lsn}): what changed in between is not known any more.`
    return row('parent', 'blocker', 'Builds on', text, [full])
  }
  const text = `The backup of ${utcText(startedAt)}, timeline ${start.timeline}, ${start.lsn}.`
  if (begins !== undefined) return row('parent', 'pass', 'Builds on', text)
  return row('parent', 'warning', 'Builds on', `${text} The server has not summarized any WAL yet: the backup waits for it.`)
}
