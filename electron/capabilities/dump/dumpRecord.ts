// What a finished dump leaves to be read: its record, and the result on the job's page.
import type { DumpRequest } from '../../../shared/contracts/dump'
import type { JobResult } from '../../../shared/jobs/job'
import { type BackupRecord, recordVersion } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { commandText } from '../../../shared/tools/showCommand'
import type { BackupPlace } from '../../library/backupFolder'
import type { HashedFile } from '../../library/checksumFiles'
import { artifactNames, globalsName } from './dumpCommands'
import type { DumpPlan } from './planDump'

export interface RecordParts {
  request: DumpRequest
  plan: DumpPlan
  startedAt: Date
  files: HashedFile[]
  warnings: string[]
}

export function makeRecord({ request, plan, startedAt, files, warnings }: RecordParts): BackupRecord {
  const endedAt = new Date().toISOString()
  const tools = [plan.dump?.tool, plan.globals?.tool, plan.reader].filter((tool) => tool !== null && tool !== undefined)
  const { settings, label } = plan.connection
  return {
    recordVersion,
    id: crypto.randomUUID(),
    kind: 'dump',
    label: request.label,
    startedAt: startedAt.toISOString(),
    endedAt,
    source: { label, host: settings.host, port: settings.port, ...plan.source.record },
    tools: tools.map(({ program, version }) => ({ program, version })),
    commands: plan.shown.map(({ program, words }) => commandText(program, words)),
    format: request.format,
    artifact: artifactNames[request.format],
    globals: plan.globals && { path: globalsName, rolePasswords: plan.globals.rolePasswords },
    files,
    warnings,
    verifications: [{ at: endedAt, level: 'read', ok: true, detail: 'After the dump: read in full, checksums taken.' }],
  }
}

export function describeResult(
  request: DumpRequest,
  place: BackupPlace,
  record: BackupRecord,
  tables: number,
  startedAt: Date,
): JobResult {
  const size = record.files.reduce((sum, file) => sum + BigInt(file.size), 0n)
  const seconds = (Date.now() - startedAt.getTime()) / 1000
  const proof = request.format === 'plain' ? 'ends as a whole script does' : 'read in full'
  return {
    headline: `Dumped ${request.database}: ${countOf(tables, 'table')}, ${formatBytes(size)}, ${proof} and checksummed.`,
    facts: [
      { label: 'Folder', value: place.final, mono: true },
      { label: 'Size on disk', value: formatBytes(size), mono: false },
      { label: 'Size of the database', value: formatBytes(record.source.databaseSize ?? '0'), mono: false },
      { label: 'Tables with rows', value: String(tables), mono: false },
      { label: 'Files', value: `${record.files.length}, each with its SHA-256`, mono: false },
      { label: 'Roles and tablespaces', value: globalsFact(record), mono: false },
      { label: 'Took', value: `${seconds.toFixed(1)} s`, mono: false },
    ],
    backupPath: place.final,
    database: request.database,
  }
}

function globalsFact({ globals }: BackupRecord): string {
  if (!globals) return 'not taken along'
  return globals.rolePasswords ? 'saved beside it, with password hashes' : 'saved beside it, without passwords'
}

export function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}
