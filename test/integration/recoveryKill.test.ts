// The application is killed while it deploys a backup: what it made is named unfinished, and starting again works.
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endMajors, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { newPlace, recoveryRequest, runTool, stopServer } from './recoverySetup'

const kills = process.env.WALKBACK_LONG === '1' ? 20 : 3
const major = endMajors()[0] ?? 13

let cluster: TestCluster
let serve: ServeProcess | undefined
let dataFolder: string

beforeAll(async () => {
  dataFolder = tempFolder('kill-recovery')
  cluster = await startCluster({ major, prefix: 'reckill' })
  await cluster.sql('CREATE TABLE t AS SELECT i AS n, repeat(md5(i::text), 20) AS text FROM generate_series(1, 60000) i')
}, 120_000)

afterAll(async () => {
  await serve?.kill()
  await cluster?.remove()
})

async function open(): Promise<RemoteCore> {
  serve = await startServe({ dataFolder, env: { PATH: `${cluster.bin}:/usr/bin:/bin` } })
  return connectServe(serve)
}

test(
  `after ${kills} kills of the application nothing unfinished has a finished name`,
  async () => {
    // As plain pg_basebackup leaves it.
    const backup = join(tempFolder('kill-backup'), 'base')
    writeFileSync(join(dataFolder, 'passfile'), `*:*:*:*:${cluster.password}\n`, { mode: 0o600 })
    execFileSync(join(cluster.bin, 'pg_basebackup'), [`--pgdata=${backup}`, '--checkpoint=fast'], {
      env: { ...cluster.toolEnv(), PATH: '/usr/bin:/bin' },
      cwd: '/',
    })
    const request = await recoveryRequest(backup)
    const { folder, port } = newPlace(request)
    for (let kill = 0; kill < kills; kill += 1) {
      const core = await open()
      const { jobId } = await core.api.recovery.startStandalone({ ...request, verify: kill % 2 === 1 })
      for (;;) {
        const job = await core.api.jobs.get({ jobId })
        const copying = job.steps.find(({ id }) => id === 'copy')
        if (job.endedAt) throw new Error(`it ended before it was killed: ${job.error?.message}`)
        if (copying?.state === 'running' && (job.progress?.done ?? 0) > ((kill + 1) * 10_000_000) / kills) break
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      core.close()
      await serve?.kill()
      expect(existsSync(folder)).toBe(false)
      expect(existsSync(`${folder}.partial`)).toBe(true)
      const after = await open()
      const job = await after.api.jobs.get({ jobId })
      expect(job.state).toBe('interrupted')
      expect(job.leftovers.join('\n')).toContain(`${folder}.partial`)
      after.close()
      await serve?.stop()
    }
    const core = await open()
    const { jobId } = await core.api.recovery.startStandalone(request)
    const job = await jobEnd(core.api, jobId)
    expect(job.error).toBeNull()
    // No connection is known here; pg_hba.conf may let the account of the server in.
    expect(['succeeded', 'succeeded_with_warnings']).toContain(job.state)
    expect(existsSync(`${folder}.partial`)).toBe(false)
    expect(runTool(cluster.bin, 'pg_controldata', [folder])).toContain('in production')
    expect(port).toBeGreaterThan(0)
    stopServer(cluster, folder)
    core.close()
    await serve?.stop()
  },
  60_000 * (kills + 3),
)
