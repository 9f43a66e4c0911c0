// Jobs on a disk that is full, a small tmpfs: logs and records are kept in memory, said to be, and written once there is room.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { JobLog } from '../../../electron/jobs/jobLog'
import { openJobManager } from '../../../electron/jobs/jobManager'
import { createSpawnTool } from '../../../electron/process/spawnTool'
import { tempFolder } from '../../support/tempFolder'

const mounts: string[] = []

/** A file system of 256 kB. */
function smallDisk(): string {
  const folder = join(tempFolder('full'), 'disk')
  mkdirSync(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder])
  mounts.push(folder)
  return folder
}

afterEach(() => {
  for (const folder of mounts.splice(0)) execFileSync('umount', ['-l', folder])
})

describe.runIf(process.getuid?.() === 0)('on a full disk', () => {
  it('a log goes on in memory, and is whole again once there is room', async () => {
    const folder = smallDisk()
    const log = JobLog.create(join(folder, 'log.jsonl'))
    log.append('info', 'first', new Date())
    log.flush()
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(200 * 1024))
    const text = 'x'.repeat(1000)
    for (let line = 0; line < 200; line += 1) log.append('info', `${line} ${text}`, new Date())
    log.flush()
    expect(log.problem?.message).toContain('ENOSPC')
    expect(log.counts.total).toBe(201)
    rmSync(join(folder, 'ballast'))
    log.flush()
    const { lines, total } = await log.read(0, 500, 'info')
    expect(total).toBe(201)
    expect(lines.map(({ line }) => line)).toEqual(Array.from({ length: 201 }, (_, line) => line))
    log.close()
    expect((await JobLog.open(join(folder, 'log.jsonl'))).counts.total).toBe(201)
  })

  it('a log that never gets room keeps to a few megabytes of memory', () => {
    const folder = smallDisk()
    const log = JobLog.create(join(folder, 'log.jsonl'))
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(240 * 1024))
    for (let line = 0; line < 20_000; line += 1) log.append('info', 'x'.repeat(1000), new Date())
    expect(log.problem?.message).toContain('ENOSPC')
    expect(log.counts.total).toBeGreaterThan(1000)
    expect(log.counts.total).toBeLessThan(6000)
    log.close()
  })

  it('a job ends with its outcome, and the console tells what could not be kept', async () => {
    const folder = smallDisk()
    const reports: string[] = []
    const spawn = createSpawnTool({ instanceId: 'full' })
    const manager = await openJobManager({
      folder: join(folder, 'jobs'),
      instanceId: 'full',
      spawn,
      concurrentJobs: () => 1,
      report: (text) => reports.push(text),
    })
    const definition = {
      capability: 'dump',
      title: 'Full',
      input: {},
      connectionId: null,
      serverLabel: '',
      steps: [],
      onCancel: '',
      locks: [],
    }
    const { id } = manager.start({
      ...definition,
      run: async (context) => {
        for (let line = 0; line < 500; line += 1) context.log('x'.repeat(1000))
        writeFileSync(join(folder, 'backup'), Buffer.alloc(200 * 1024))
        return { headline: '', facts: [], backupPath: null, database: null }
      },
    })
    const ended = await manager.ended(id)
    expect(ended).toMatchObject({
      state: 'failed',
      error: { code: 'tool_failed', message: expect.stringContaining('the disk is full') },
    })
    expect(reports.join('\n')).toContain(`The log of job ${id} is not complete: ENOSPC`)
    const refused = { ...definition, run: async () => ({ headline: '', facts: [], backupPath: null, database: null }) }
    expect(() => manager.start(refused)).toThrow(`Can't keep a record of the job in ${join(folder, 'jobs')}: the disk is full.`)
    await manager.shutdown()
  })
})
