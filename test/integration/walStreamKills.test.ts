// A stream under load while server, pg_receivewal and Walkback are killed: the archive holds every segment, proved by recovering from it.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { binFolder, endMajors, freePort, startCluster, type TestCluster } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder, waitUntilNoProcessIn } from '../support/tempFolder'
import { until } from './walSetup'

const kills = process.env.WALKBACK_LONG === '1' ? 20 : 2
const segmentSize = 16 * 1024 * 1024
const slot = 'kills'

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Commits numbered rows with about 400 kB each, over every interruption; a number counts once its commit was answered. */
class Load {
  readonly #cluster: TestCluster
  #stopped = false
  #running: Promise<void>
  committed = 0

  constructor(cluster: TestCluster) {
    this.#cluster = cluster
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    let client: Client | null = null
    for (let next = 1; !this.#stopped; ) {
      try {
        client ??= await this.#cluster.client()
        // What was committed without an answer is there already.
        await client.query(
          "INSERT INTO load SELECT $1, string_agg(md5(random()::text), '') FROM generate_series(1, 12000) ON CONFLICT DO NOTHING",
          [next],
        )
        this.committed = next
        next += 1
      } catch {
        await client?.end().catch(() => undefined)
        client = null
        await pause(50)
      }
    }
    await client?.end()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }
}

function receivers(folder: string): number[] {
  return fs.readdirSync('/proc').flatMap((name) => {
    try {
      const words = /^\d+$/.test(name) ? fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0') : []
      return words.includes(`--directory=${folder}`) ? [Number(name)] : []
    } catch {
      return [] // gone since
    }
  })
}

/** Starts a copy of the base backup that takes everything from the archive, to its end, and asks it. */
async function recover(major: number, backup: string, archive: string): Promise<{ rows: number; last: number }> {
  const account = testAccount()
  const port = await freePort()
  const sockets = path.join(path.dirname(backup), 's2')
  fs.mkdirSync(sockets)
  fs.chownSync(sockets, account.uid, account.gid)
  execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, archive])
  fs.appendFileSync(
    path.join(backup, 'postgresql.auto.conf'),
    `restore_command = 'cp "${archive}/%f" "%p" || cp "${archive}/%f.partial" "%p"'\nrecovery_target_timeline = 'latest'\nport = ${port}\nunix_socket_directories = '${sockets}'\nhot_standby = off\n`,
  )
  fs.writeFileSync(path.join(backup, 'recovery.signal'), '')
  fs.chownSync(path.join(backup, 'recovery.signal'), account.uid, account.gid)
  const log = fs.openSync(path.join(path.dirname(backup), 'recovery.log'), 'a')
  const server = spawn(path.join(binFolder(major), 'postgres'), ['-D', backup], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
    stdio: ['ignore', log, log],
    ...account.spawn,
  })
  fs.closeSync(log)
  const password =
    fs
      .readFileSync(path.join(path.dirname(backup), 'pgpass'), 'utf8')
      .trim()
      .split(':')
      .at(-1) ?? ''
  try {
    let found: { rows: number; last: number } | null = null
    await until(
      `recovery to end: ${path.join(path.dirname(backup), 'recovery.log')}`,
      async () => {
        if (server.exitCode !== null)
          throw new Error(fs.readFileSync(path.join(path.dirname(backup), 'recovery.log'), 'utf8').slice(-3000))
        const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres' })
        client.on('error', () => undefined)
        try {
          await client.connect()
          const { rows } = await client.query<{ rows: number; last: number }>(
            'SELECT count(*)::int AS rows, max(id)::int AS last FROM load',
          )
          found = rows[0] ?? null
          return true
        } catch {
          return false
        } finally {
          await client.end().catch(() => undefined)
        }
      },
      120_000,
    )
    if (found === null) throw new Error('nothing found')
    return found
  } finally {
    const ended = once(server, 'exit')
    server.kill('SIGQUIT')
    await ended
    await waitUntilNoProcessIn(backup, 20_000)
  }
}

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let serve: ServeProcess | undefined
  let cluster: TestCluster | undefined
  afterEach(async () => {
    await serve?.stop()
    await cluster?.remove()
  })

  it(
    `after ${kills} kills of each kind under load, recovery from the archive finds the last committed row`,
    async () => {
      const account = testAccount()
      const main = await startCluster({
        major,
        prefix: `kills${major}`,
        conf: { max_wal_size: "'256MB'", min_wal_size: "'64MB'" },
      })
      cluster = main
      await main.sql('CREATE TABLE load (id int PRIMARY KEY, filler text)')
      const dataFolder = tempFolder('streamkill')
      const archive = path.join(dataFolder, 'archive')
      fs.writeFileSync(path.join(dataFolder, 'passfile'), `*:*:*:*:${main.password}\n`, { mode: 0o600 })
      let core: RemoteCore
      const open = async () => {
        serve = await startServe({ dataFolder })
        core = await connectServe(serve)
        return core
      }
      core = await open()
      await core.api.host.saveSettings({ ...(await core.api.host.settings({})), installationFolders: [main.bin] })
      const { id: connectionId } = await core.api.connections.save({
        id: null,
        label: 'load',
        colour: 'slate',
        readOnly: false,
        settings: {
          host: '127.0.0.1',
          port: main.port,
          database: 'postgres',
          user: 'postgres',
          sslmode: 'disable',
          sslrootcert: '',
          sslcert: '',
          sslkey: '',
          service: '',
          passfile: path.join(dataFolder, 'passfile'),
        },
        password: { kind: 'none' },
      })
      await core.api.walArchiveStream.start({
        connectionId,
        folder: archive,
        slot,
        compress: '',
        synchronous: major % 2 === 0,
        unlimited: true,
      })
      const list = JSON.parse(fs.readFileSync(path.join(dataFolder, 'archives.json'), 'utf8')) as { archives: { id: string }[] }
      const archiveId = list.archives[0]?.id ?? ''
      const streaming = () =>
        until('it to stream', async () => (await core.api.walArchiveStream.status({ archiveId })).state === 'streaming', 60_000)
      await streaming()

      const backup = path.join(tempFolder('killbase'), 'data')
      fs.mkdirSync(path.dirname(backup), { recursive: true })
      fs.chownSync(path.dirname(backup), account.uid, account.gid)
      fs.writeFileSync(path.join(path.dirname(backup), 'pgpass'), `*:*:*:*:${main.password}\n`, { mode: 0o600 })
      fs.chownSync(path.join(path.dirname(backup), 'pgpass'), account.uid, account.gid)
      execFileSync(
        path.join(main.bin, 'pg_basebackup'),
        ['-D', backup, '-X', 'none', '-c', 'fast', '-h', '127.0.0.1', '-p', String(main.port), '-U', 'postgres'],
        {
          env: { PATH: '/usr/bin:/bin', PGPASSFILE: path.join(path.dirname(backup), 'pgpass') },
          stdio: ['ignore', 'ignore', 'pipe'],
          ...account.spawn,
        },
      )

      const load = new Load(main)
      const kinds = ['receiver', 'application', 'fast', 'immediate'] as const
      for (const kind of Array.from({ length: kills }, () => kinds).flat()) {
        await pause(200 + Math.random() * 1300)
        if (kind === 'receiver') for (const pid of receivers(archive)) process.kill(pid, 'SIGKILL')
        else if (kind === 'application') {
          core.close()
          await serve?.kill()
          await pause(Math.random() * 500)
          core = await open()
          // What the killed one left running is ended before the stream is taken up again.
          await streaming()
          expect(receivers(archive)).toHaveLength(1)
        } else {
          await main.stop(kind)
          await pause(Math.random() * 500)
          await main.start()
        }
        if (Math.random() < 0.5) await streaming()
      }
      await pause(1000)
      await load.stop()
      await streaming()
      const [end] = await main.sql('SELECT pg_current_wal_flush_lsn()::text AS lsn')
      await until('the end to arrive', async () => {
        const [row] = await main.sql(
          `SELECT s.write_lsn >= '${end?.lsn}' AS there FROM pg_replication_slots r JOIN pg_stat_replication s ON s.pid = r.active_pid WHERE slot_name = '${slot}'`,
        )
        return row?.there === true
      })
      const status = await core.api.walArchiveStream.status({ archiveId })
      const jobId = status.jobId ?? ''
      await core.api.walArchiveStream.dropSlot({ archiveId, forget: true })
      expect((await jobEnd(core.api, jobId)).state).toBe('succeeded')
      expect(receivers(archive)).toEqual([])
      expect(await main.sql('SELECT slot_name FROM pg_replication_slots')).toEqual([])
      core.close()

      const names = fs.readdirSync(archive).toSorted()
      const numbers = names
        .filter((name) => /^[0-9A-F]{24}(\.partial)?$/.test(name))
        .map((name) => Number.parseInt(name.slice(8, 24), 16))
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => (numbers[0] ?? 0) + index))
      for (const name of names) expect([name, fs.statSync(path.join(archive, name)).size]).toEqual([name, segmentSize])
      expect(load.committed).toBeGreaterThan(10)
      const found = await recover(major, backup, archive)
      process.stdout.write(
        `PostgreSQL ${major}: ${kills * kinds.length} kills, ${numbers.length} segments, ${load.committed} commits, all found\n`,
      )
      expect(found.last).toBeGreaterThanOrEqual(load.committed)
      expect(found.rows).toBe(found.last)
    },
    kills * 300_000,
  )
})
