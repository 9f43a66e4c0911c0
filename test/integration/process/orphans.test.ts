// Programs that a killed Walkback left running are ended and named, and nobody else's are.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { endOrphans } from '../../../electron/process/orphans'
import { processStartMark, readProcStat } from '../../../electron/process/processTable'
import { programFile } from '../../fixtures/programs'

const started: ChildProcess[] = []
const byNumber = (a: number, b: number) => a - b

async function start(mark: string | undefined, name: 'stubborn' | 'obedient'): Promise<number[]> {
  const env = mark === undefined ? process.env : { ...process.env, WALKBACK_JOB: mark }
  const child = spawn(process.execPath, [programFile(name)], { env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  started.push(child)
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  while (text.split('\n').length < 3) await once(child.stdout, 'data')
  return text.trim().split('\n').map(Number)
}

function isRunning(pid: number): boolean {
  return readProcStat(pid)?.zombie === false
}

afterEach(() => {
  for (const { pid } of started.splice(0)) {
    try {
      process.kill(-(pid ?? 0), 'SIGKILL')
    } catch {
      // ended by the test, as it should be
    }
  }
})

describe('endOrphans', () => {
  it('ends what carries our mark, children too, and names the job; nothing else', async () => {
    const ours = await start('orphantest:20261122T074500-4f3a9c', 'obedient')
    const others = await start('orphantest2:20261122T074500-4f3a9c', 'obedient')
    const unmarked = await start(undefined, 'obedient')
    const ended = await endOrphans('orphantest', [])
    expect(ended.map(({ pid }) => pid).toSorted(byNumber)).toEqual(ours.toSorted(byNumber))
    for (const orphan of ended) expect(orphan).toMatchObject({ jobId: '20261122T074500-4f3a9c', program: 'node', ended: true })
    expect(ours.filter(isRunning)).toEqual([])
    expect([...others, ...unmarked].every(isRunning)).toBe(true)
    expect(await endOrphans('orphantest', [])).toEqual([])
  })

  it('kills what ignores SIGTERM', async () => {
    const ours = await start('orphantest:job', 'stubborn')
    const begun = performance.now()
    const ended = await endOrphans('orphantest', [])
    expect(ended.every((orphan) => orphan.ended)).toBe(true)
    expect(ours.filter(isRunning)).toEqual([])
    expect(performance.now() - begun).toBeGreaterThan(4_900)
  })

  it('where there are no marks, ends what was recorded, unless another process has its number now', async () => {
    const [first = 0, second = 0] = await start(undefined, 'obedient')
    const startMark = (await processStartMark(first)) ?? ''
    const recorded = [
      { pid: first, startMark },
      { pid: second, startMark: 'another time' },
      { pid: 4_000_000, startMark: '1' },
    ]
    expect(await endOrphans('orphantest', recorded, false)).toEqual([
      { pid: first, jobId: '', program: 'a program of an earlier job', ended: true },
    ])
    expect([first, second].map(isRunning)).toEqual([false, true])
  })
})
