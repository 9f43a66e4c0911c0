// One Walkback per data folder: the lock, its takeover after a kill, and the id that marks our programs.
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { claimInstance } from '../../../electron/instance'
import { processStartMark } from '../../../electron/process/processTable'
import { tempFolder } from '../../support/tempFolder'

const boot = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

describe('claimInstance', () => {
  it('keeps its id, and leaves only that behind', async () => {
    const data = tempFolder('instance')
    const first = await claimInstance(data)
    first.release()
    const second = await claimInstance(data)
    expect(second.id).toBe(first.id)
    expect(second.id).toMatch(/^[0-9a-f]{16}$/)
    second.release()
    expect(readdirSync(data)).toEqual(['instance.json'])
  })

  it('refuses a second one and names the process', async () => {
    const data = tempFolder('instance')
    const first = await claimInstance(data)
    await expect(claimInstance(data)).rejects.toMatchObject({
      code: 'conflict',
      message: `Walkback is already running on the data folder ${data} (process ${process.pid}).`,
      hint: `Use that one, end it with "kill ${process.pid}", or start with another folder in WALKBACK_DATA.`,
    })
    first.release()
    ;(await claimInstance(data)).release()
  })

  it('lets exactly one of many through, also over a lock whose owner is dead', async () => {
    const child = spawn('/bin/sleep', ['100'])
    const pid = child.pid ?? 0
    const startMark = await processStartMark(pid)
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
    for (const dead of [false, true]) {
      for (let round = 0; round < 20; round += 1) {
        const data = tempFolder('instance')
        if (dead) writeFileSync(join(data, 'instance.lock'), JSON.stringify({ pid, startMark, boot: boot() }))
        const claims = await Promise.allSettled(Array.from({ length: 8 }, () => claimInstance(data)))
        expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      }
    }
  })

  it.each([
    ['another process has its number now', () => ({ pid: 1, startMark: 'another', boot: boot() })],
    [
      'the machine was restarted',
      async () => ({ pid: process.pid, startMark: await processStartMark(process.pid), boot: 'another' }),
    ],
    ['it is not readable', () => 'half a lo'],
  ])('takes a lock over when %s', async (_why, content) => {
    const data = tempFolder('instance')
    const text = await content()
    writeFileSync(join(data, 'instance.lock'), typeof text === 'string' ? text : JSON.stringify(text))
    ;(await claimInstance(data)).release()
    expect(readdirSync(data)).toEqual(['instance.json'])
  })

  it('goes past a takeover that was itself interrupted, but not past one that is under way', async () => {
    const data = tempFolder('instance')
    writeFileSync(join(data, 'instance.lock'), 'dead')
    const guard = join(data, 'instance.lock.takeover')
    mkdirSync(guard)
    await expect(claimInstance(data)).rejects.toMatchObject({ code: 'conflict' })
    utimesSync(guard, new Date(0), new Date(0))
    ;(await claimInstance(data)).release()
  })

  it('makes a new id when the file with the old one is damaged', async () => {
    const data = tempFolder('instance')
    writeFileSync(join(data, 'instance.json'), '{"id":"../../etc"}')
    const instance = await claimInstance(data)
    expect(instance.id).toMatch(/^[0-9a-f]{16}$/)
    instance.release()
  })
})
