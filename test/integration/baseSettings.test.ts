// Settings files outside the data directory come along with a base backup: by server settings on every major, and in Debian's
// own layout made by pg_createcluster.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort, startCluster, type TestCluster, testMajors } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { hashesOf, layOut, startCopy } from '../support/physicalCopy'
import { tempFolder } from '../support/tempFolder'
import { type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'

let base: BaseCore
const clusters: TestCluster[] = []

beforeAll(async () => {
  base = await baseCore()
})

afterAll(async () => {
  for (const cluster of clusters) await cluster.remove()
})

test.each(testMajors())(
  'hba_file and ident_file elsewhere on %i',
  async (major) => {
    const etc = tempFolder('etc')
    const { uid, gid } = testAccount()
    fs.chownSync(etc, uid, gid)
    const write = (name: string, text: string) => {
      const file = path.join(etc, name)
      fs.writeFileSync(file, text, { mode: 0o600 })
      fs.chownSync(file, uid, gid)
      return file
    }
    const rules = 'host all,replication all 127.0.0.1/32 scram-sha-256\n# ünïcode\nlocal all all scram-sha-256\n'
    const hba = write('pg hba.conf', rules)
    const ident = write('ident.conf', '# nothing\n')
    const cluster = await startCluster({ major, prefix: 'etc', conf: { hba_file: `'${hba}'`, ident_file: `'${ident}'` } })
    clusters.push(cluster)
    const connectionId = await base.connect(cluster)
    expect((await base.core.api.baseBackup.prepare({ connectionId })).configuration).toEqual([ident, hba].toSorted())
    const job = await base.run(base.request(connectionId, { format: major >= 17 ? 'tar' : 'plain' }))
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    const folder = folderOf(job)
    const record = recordIn(folder)
    const copy = (file: string) => `settings${file}`
    expect(record.configuration).toEqual([ident, hba].toSorted().map((file) => ({ original: file, path: copy(file) })))
    expect(fs.readFileSync(path.join(folder, copy(hba)), 'utf8')).toBe(rules)
    expect(record.files.map((file) => file.path)).toEqual(expect.arrayContaining([copy(hba), copy(ident)]))

    // A role that may take the backup and not read the files: said before, and afterwards.
    await cluster.sql(`CREATE ROLE copier LOGIN REPLICATION PASSWORD 'copier' IN ROLE pg_read_all_settings`)
    const copier = await base.connect(cluster, { user: 'copier', password: 'copier' })
    const weak = await base.run(base.request(copier))
    expect(weak.state).toBe('succeeded_with_warnings')
    expect(weak.issues.map(({ message }) => message)).toEqual([
      `Settings files: Outside the data directory, and the role may not read them: ${[ident, hba].toSorted().join(', ')}. A superuser can GRANT pg_read_server_files to it, and EXECUTE on pg_read_binary_file(text).`,
    ])
    expect(recordIn(folderOf(weak)).configuration).toEqual([])
    // With the two rights that were named it may.
    await cluster.sql('GRANT pg_read_server_files TO copier; GRANT EXECUTE ON FUNCTION pg_read_binary_file(text) TO copier')
    const able = await base.run(base.request(copier))
    expect(able.state).toBe('succeeded')
    expect(recordIn(folderOf(able)).configuration).toHaveLength(2)
  },
  180_000,
)

const debian = fs.existsSync('/usr/bin/pg_createcluster') && fs.existsSync('/usr/lib/postgresql/15') && process.getuid?.() === 0

describe.runIf(debian && testMajors().includes(15))('Debian’s layout', () => {
  test('a cluster of pg_createcluster: its files of /etc come along, and the copy starts with them', async () => {
    const folder = tempFolder('debian')
    const { uid, gid } = testAccount()
    const own = (name: string) => {
      const made = path.join(folder, name)
      fs.mkdirSync(made, { mode: 0o755 })
      fs.chownSync(made, uid, gid)
      return made
    }
    const [etc, sockets] = [own('etc'), own('s')]
    const env = { ...process.env, PG_CLUSTER_CONF_ROOT: etc, LC_ALL: 'C.UTF-8' }
    const port = await freePort()
    const data = path.join(folder, 'main')
    const options = ['-d', data, '-p', String(port), '-s', sockets, '-l', path.join(sockets, 'log'), '--start-conf', 'manual']
    execFileSync('pg_createcluster', ['15', 'walkback', ...options, '--', '--auth=trust'], { env, stdio: 'ignore' })
    execFileSync('pg_ctlcluster', ['15', 'walkback', 'start', '-o', '-c fsync=off'], { env, stdio: 'ignore' })
    try {
      const [like] = clusters.filter(({ major }) => major === 15)
      if (!like) throw new Error('the cluster of 15 comes first')
      const debianCluster = { ...like, port, password: 'any' }
      const connectionId = await base.connect(debianCluster)
      const job = await base.run(base.request(connectionId))
      expect(job.error).toBeNull()
      const record = recordIn(folderOf(job))
      const conf = path.join(etc, '15', 'walkback')
      const names = ['pg_hba.conf', 'pg_ident.conf', 'postgresql.conf'].map((name) => path.join(conf, name))
      expect(record.configuration.map(({ original }) => original)).toEqual(names)
      const dataDir = layOut(folderOf(job), record)
      for (const { original, path: saved } of record.configuration) {
        const target = path.join(dataDir, path.basename(original))
        const text = fs.readFileSync(path.join(folderOf(job), saved), 'utf8')
        // What names this cluster's own places belongs to the original.
        const portable = text.replaceAll(/^(data_directory|hba_file|ident_file|external_pid_file|include_dir)\b/gm, '#$1')
        fs.writeFileSync(target, portable)
        fs.chownSync(target, uid, gid)
      }
      const copy = await startCopy(dataDir, { ...like, password: 'any' })
      expect(Object.keys(await hashesOf(['postgres'], (db) => copy.client(db)))).toEqual(['postgres'])
      await copy.stop()
    } finally {
      execFileSync('pg_dropcluster', ['15', 'walkback', '--stop'], { env, stdio: 'ignore' })
    }
  }, 180_000)
})
