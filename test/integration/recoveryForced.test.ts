// Forced past the application: what real servers say of a recovery that it would have refused, and that it is recognised.
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explainRecoveryFailure } from '../../electron/capabilities/recovery/point/explainRecoveryFailure'
import { formatTargetTime } from '../../shared/model/recoveryTarget'
import { binFolder, endMajors, freePort } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, startArchiving, switchWal } from '../support/walArchives'
import { type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'
import { type Mark, makeHistory, prepareMarks } from './recoveryPointSetup'
import { until } from './walSetup'

let base: BaseCore
const majors = endMajors()

beforeAll(async () => {
  base = await baseCore()
})

interface Forced {
  name: string
  settings(known: Known): string
  /** Does something to a copy of the archive. */
  spoil?(archive: string, known: Known): void
  /** The same for the data directory, which belongs to the server's account by then. */
  upset?(data: string): void
  /** With programs of a newer major. */
  newer?: boolean
  /** Started a second time while it runs. */
  twice?: boolean
  reason: string
}

interface Known {
  marks: Mark[]
  last: number
  /** The segment with the first marks. */
  segment: string
}

const cases: Forced[] = [
  {
    name: 'a position before the end of the backup',
    settings: () => "recovery_target_lsn = '0/1'",
    reason: 'before-backup',
  },
  {
    name: 'a time equal to the last commit',
    settings: ({ last }) => `recovery_target_time = '${formatTargetTime(last)}'`,
    reason: 'target-not-reached',
  },
  {
    name: 'a time after it',
    settings: ({ last }) => `recovery_target_time = '${formatTargetTime(last + 60_000_000)}'`,
    reason: 'target-not-reached',
  },
  { name: 'a time with Z', settings: () => "recovery_target_time = '2026-11-22T06:24:22.348Z'", reason: 'bad-target' },
  {
    name: 'two targets',
    settings: () => "recovery_target_xid = '700'\nrecovery_target_name = 'x'",
    reason: 'two-targets',
  },
  { name: 'a timeline that is not there', settings: () => 'recovery_target_timeline = 7', reason: 'timeline' },
  {
    name: 'a fork before the backup’s end',
    settings: () => 'recovery_target_timeline = 2',
    spoil: (archive) => fs.writeFileSync(path.join(archive, '00000002.history'), '1\t0/1000000\tno recovery target specified\n'),
    reason: 'timeline',
  },
  {
    name: 'a short segment',
    settings: () => "recovery_target_name = 'nowhere'",
    spoil: (archive, { segment }) => fs.truncateSync(path.join(archive, segment), 8192),
    reason: 'short-segment',
  },
  {
    name: 'a gap before the target',
    settings: ({ last }) => `recovery_target_time = '${formatTargetTime(last - 1)}'`,
    spoil: (archive, { segment }) => fs.rmSync(path.join(archive, segment)),
    reason: 'target-not-reached',
  },
  {
    name: 'a damaged record',
    settings: () => "recovery_target_name = 'nowhere'",
    spoil: (archive, { segment }) => {
      const file = path.join(archive, segment)
      const bytes = fs.readFileSync(file)
      const at = bytes.indexOf('walkback marks this row')
      expect(at).toBeGreaterThan(0)
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
      fs.writeFileSync(file, bytes)
    },
    reason: 'damage',
  },
  {
    name: 'a segment of another cluster',
    settings: () => "recovery_target_name = 'nowhere'",
    spoil: (archive, { segment }) => {
      const file = path.join(archive, segment)
      const bytes = fs.readFileSync(file)
      // The system identifier in the long header of its first page.
      bytes.writeBigUInt64LE(bytes.readBigUInt64LE(24) + 1n, 24)
      fs.writeFileSync(file, bytes)
    },
    reason: 'foreign-segment',
  },
  {
    name: 'a tablespace that is not where its link leads',
    settings: () => "recovery_target_name = 'nowhere'",
    upset: (data) => {
      const [link] = fs.readdirSync(path.join(data, 'pg_tblspc'))
      const at = path.join(data, 'pg_tblspc', link ?? '')
      fs.rmSync(at)
      fs.symlinkSync('/nowhere/to be/found', at)
    },
    reason: 'tablespace',
  },
  { name: 'programs of a newer major', settings: () => '', newer: true, reason: 'version' },
  {
    name: 'another owner',
    settings: () => '',
    upset: (data) => {
      fs.chownSync(data, 0, 0)
      fs.chmodSync(data, 0o755)
    },
    reason: 'ownership',
  },
  { name: 'a server that runs there already', settings: () => '', twice: true, reason: 'running' },
  { name: 'a lower max_connections', settings: () => 'max_connections = 5\nmax_wal_senders = 2', reason: 'settings' },
]

describe.each(majors.filter((major) => major === majors[0] || major === majors.at(-1)))('PostgreSQL %i', (major) => {
  let archiving: ArchivingCluster
  let backup: string
  let known: Known

  beforeAll(async () => {
    archiving = await startArchiving({ major, segmentSize: 1, prefix: `pitf${major}` })
    const { cluster, archive } = archiving
    const login = await base.connect(cluster)
    await prepareMarks(cluster)
    const aside = path.join(cluster.folder, 'aside')
    fs.mkdirSync(aside)
    fs.chownSync(aside, testAccount().uid, testAccount().gid)
    await cluster.sql(`CREATE TABLESPACE aside LOCATION '${aside}'`)
    await cluster.sql('CREATE TABLE noted (note text) TABLESPACE aside', 'shop')
    backup = folderOf(await base.run(base.request(login)))
    const marks = await makeHistory(archiving)
    await cluster.sql("INSERT INTO noted VALUES ('walkback marks this row')", 'shop')
    await switchWal(cluster)
    const files = fs.readdirSync(archive).filter((name) => /^[0-9A-F]{24}$/.test(name))
    const [end] = await cluster.sql(
      'SELECT round(extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint::text AS time FROM noted',
      'shop',
    )
    const last = Number(end?.time)
    await cluster.stop('fast')
    known = {
      marks,
      last,
      segment: files.toSorted().at(-1) ?? '',
    }
  }, 180_000)

  afterAll(async () => {
    await archiving.cluster.remove()
  })

  test.each(cases.filter(({ newer }) => !newer || major !== majors.at(-1)))(
    '$name',
    async ({ settings, spoil, upset, newer, twice, reason }) => {
      const bin = newer ? binFolder(majors.at(-1) ?? 0) : archiving.cluster.bin
      const folder = tempFolder('forced')
      fs.chmodSync(folder, 0o755)
      const [data, archive] = [path.join(folder, 'data'), path.join(folder, 'archive')]
      execFileSync('cp', ['-a', archiving.archive, archive])
      const { artifact, tablespaces } = recordIn(backup)
      execFileSync('cp', ['-a', path.join(backup, artifact), data])
      const [space] = tablespaces
      execFileSync('cp', ['-a', path.join(backup, space?.path ?? ''), path.join(folder, 'space')])
      for (const file of ['tablespace_map', `pg_tblspc/${space?.oid}`]) fs.rmSync(path.join(data, file), { force: true })
      fs.symlinkSync(path.join(folder, 'space'), path.join(data, 'pg_tblspc', space?.oid ?? ''))
      spoil?.(archive, known)
      const forced = settings(known)
      const timeline = forced.includes('recovery_target_timeline') ? '' : "recovery_target_timeline = '1'\n"
      fs.appendFileSync(
        path.join(data, 'postgresql.auto.conf'),
        `port = ${await freePort()}\nunix_socket_directories = ''\nlisten_addresses = '127.0.0.1'\narchive_mode = off\nhot_standby = on\nmax_worker_processes = 8\n` +
          `restore_command = 'cp "${archive}/%f" "%p"'\n${timeline}recovery_target_action = pause\n${forced}\n`,
      )
      fs.writeFileSync(path.join(data, 'recovery.signal'), '')
      const { uid, gid } = testAccount()
      execFileSync('chown', ['-R', `${uid}:${gid}`, data, archive, path.join(folder, 'space')])
      fs.chmodSync(data, 0o700)
      upset?.(data)
      const log = path.join(folder, 'log')
      fs.writeFileSync(log, '')
      fs.chownSync(log, uid, gid)
      const control = (...argv: string[]) =>
        spawnSync(path.join(bin, 'pg_ctl'), [...argv, '-D', data], {
          ...testAccount().spawn,
          cwd: '/',
          env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
          stdio: 'ignore',
        })
      control('start', '-W', '-l', log)
      const lines = () => fs.readFileSync(log, 'utf8').split('\n')
      try {
        if (twice) {
          await until('the first one', () => lines().some((line) => line.includes('consistent recovery state reached')), 30_000)
          control('start', '-W', '-l', log)
        }
        await until(`a failure, with ${lines().slice(-5).join('\n')}`, () => explainRecoveryFailure(lines()) !== null, 30_000)
      } finally {
        control('stop', '-m', 'immediate', '-w')
      }
      expect(explainRecoveryFailure(lines())?.reason).toBe(reason)
      fs.rmSync(folder, { recursive: true })
    },
    60_000,
  )
})
