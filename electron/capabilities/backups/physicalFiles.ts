// Where the files of a base backup's manifest lie within the backup's folder, and the manifest itself read with distrust.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { BackupManifest } from '../../../shared/model/backupManifest'
import type { BaseBackupRecord, PhysicalRecord } from '../../../shared/model/backupRecord'
import { toLsn } from '../../../shared/model/lsn'
import { AppError } from '../../../shared/rpc/appError'
import { readManifest } from '../../library/readTarBackup'
import { errorCode } from '../../process/systemError'
import type { Difference, Subject } from './levelResult'

/** Of a plain backup: its tablespaces have folders of their own. `name` is relative to the data directory. */
export function diskPath(record: PhysicalRecord, name: string): string {
  const space = /^pg_tblspc\/(\d+)\/(.*)$/s.exec(name)
  const folder = record.tablespaces.find(({ oid }) => oid === space?.[1])?.path
  return space && folder !== undefined ? `${folder}/${space[2]}` : `${record.artifact}/${name}`
}

/** The other way round; undefined for what is in neither the data directory nor a tablespace. */
export function manifestName(record: PhysicalRecord, file: string): string | undefined {
  if (file.startsWith(`${record.artifact}/`)) return file.slice(record.artifact.length + 1)
  const space = record.tablespaces.find((each) => file.startsWith(`${each.path}/`))
  return space && `pg_tblspc/${space.oid}/${file.slice(space.path.length + 1)}`
}

/** The tar that holds a file of the data directory. */
export function tarOf(record: BaseBackupRecord, name: string): string {
  const oid = /^pg_tblspc\/(\d+)\//.exec(name)?.[1]
  const space = record.tablespaces.find((each) => each.oid === oid)
  return space?.path ?? record.files.find((file) => file.path.startsWith(`${record.artifact}/base.tar`))?.path ?? record.artifact
}

/** Links that a plain backup may hold: to its tablespaces, and to WAL that was written elsewhere. */
export function isExpectedLink(record: PhysicalRecord, file: string): boolean {
  return (
    file === `${record.artifact}/pg_wal` || record.tablespaces.some(({ oid }) => file === `${record.artifact}/pg_tblspc/${oid}`)
  )
}

/** A Difference when it is missing, damaged, or of another backup than the record's. null: the backup has none. */
export async function manifestOf({ folder, record }: Subject<BaseBackupRecord>): Promise<BackupManifest | Difference | null> {
  if (record.manifest === null) return null
  const file = record.manifest.path
  let manifest: BackupManifest
  try {
    manifest = readManifest(await readFile(path.join(folder, file)))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { file, what: 'is missing' }
    if (!(error instanceof AppError)) throw error
    return { file, what: error.message.replace(/^The manifest of the backup /, '').replace(/\.$/, '') }
  }
  const { start, stop } = record
  const begins = manifest.walRanges.some((range) => range.timeline === start.timeline && range.start === toLsn(start.lsn))
  const ends = manifest.walRanges.some((range) => range.timeline === stop.timeline && range.end === toLsn(stop.lsn))
  if (!begins || !ends) return { file, what: `is of another backup: it does not go from ${start.lsn} to ${stop.lsn}` }
  return manifest
}
