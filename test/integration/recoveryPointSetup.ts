// For the tests of recovery to a moment: a cluster whose rows are marked one commit after the other, its archive, and its backup.
import fs from 'node:fs'
import path from 'node:path'
import type { PointRequest, PointRunRequest, SalvageOffer } from '../../shared/contracts/recoveryPoint'
import type { JobSnapshot } from '../../shared/jobs/job'
import type { RecoveryWish } from '../../shared/model/recoveryWish'
import { freePort, type TestCluster } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, switchWal } from '../support/walArchives'
import type { BaseCore } from './baseSetup'
import { clientOf } from './recoverySetup'

export interface Mark {
  id: number
  xid: number
  /** Microseconds since 1970: the time in its commit record. */
  time: number
}

/** One row, one commit. */
export async function mark(cluster: TestCluster, id: number): Promise<Mark> {
  await cluster.sql('INSERT INTO marks VALUES ($1)', 'shop', [id])
  const [row] = await cluster.sql(
    `SELECT xmin::text AS xid, round(extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint::text AS time
       FROM marks WHERE id = $1`,
    'shop',
    [id],
  )
  return { id, xid: Number(row?.xid), time: Number(row?.time) }
}

export async function prepareMarks(cluster: TestCluster): Promise<void> {
  await cluster.sql('CREATE DATABASE shop')
  await cluster.sql('CREATE TABLE marks (id int PRIMARY KEY)', 'shop')
}

/** Ids in the recovered cluster. */
export async function marksOn(cluster: TestCluster, port: number): Promise<{ ids: number[]; recovering: boolean }> {
  const client = await clientOf(cluster, port)('shop')
  try {
    const { rows } = await client.query<{ id: number }>('SELECT id FROM marks ORDER BY id')
    const state = await client.query<{ on: boolean }>('SELECT pg_is_in_recovery() AS on')
    return { ids: rows.map(({ id }) => id), recovering: state.rows[0]?.on === true }
  } finally {
    await client.end()
  }
}

/** Three marks, a restore point, three more; all of it in the archive. */
export async function makeHistory({ cluster }: ArchivingCluster, from = 1): Promise<Mark[]> {
  const marks: Mark[] = []
  for (let id = from; id < from + 6; id += 1) {
    if (id === from + 3) await cluster.sql(`SELECT pg_create_restore_point('before mark ${id}')`)
    marks.push(await mark(cluster, id))
  }
  await switchWal(cluster)
  return marks
}

/** What can be salvaged, once it is known. */
export async function salvageOffers(base: BaseCore, archiveId: string, folders: string[] = []): Promise<SalvageOffer[]> {
  let offers: SalvageOffer[] | null = null
  for await (const event of base.core.api.recoveryPoint.salvage({ archiveId, folders })) {
    if (event.kind === 'offers') offers = event.offers
    else if (offers !== null) throw new Error('something came after the offers')
  }
  if (offers === null) throw new Error('no offers came')
  return offers
}

export async function registerArchive(base: BaseCore, folder: string, connectionId: string | null): Promise<string> {
  const archive = await base.core.api.walArchive.register({ folder, label: `archive ${path.basename(folder)}`, connectionId })
  return archive.id
}

/** Into a new folder on a free port. */
export async function pointRequest(
  point: Omit<PointRequest, 'backup'> & { backup?: string | null },
  login: string | null,
): Promise<PointRunRequest & { destination: { kind: 'new'; folder: string; port: number } }> {
  return {
    point: { backup: null, ...point },
    destination: { kind: 'new', folder: path.join(tempFolder('point'), 'recovered it'), port: await freePort() },
    tablespaces: {},
    verify: false,
    login,
    confirm: null,
  }
}

export async function recoverTo(base: BaseCore, request: PointRunRequest): Promise<JobSnapshot> {
  return base.core.ended(await base.core.api.recoveryPoint.start(request))
}

export function wish(target: object, more: Partial<RecoveryWish> = {}): RecoveryWish {
  // The contract checks it on its way.
  return { timeline: 1, inclusive: true, action: 'pause', ...target, ...more } as RecoveryWish
}

/** What is left of an unfinished one, and of a finished one. */
export function foldersOf(request: { destination: { folder: string } }): string[] {
  const { folder } = request.destination
  return fs.existsSync(path.dirname(folder)) ? fs.readdirSync(path.dirname(folder)).toSorted() : []
}
