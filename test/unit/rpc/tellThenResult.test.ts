// A stream that tells how far it is and answers last: quick answers alone, much telling thinned out, errors as they are.
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { tellThenResult } from '../../../electron/rpc/tellThenResult'

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const event of events) found.push(event)
  return found
}

test('a quick answer comes alone', async () => {
  const work = async (tell: (at: number) => void) => {
    tell(1)
    return 'done'
  }
  expect(await all(tellThenResult(work))).toEqual(['done'])
})

test('the latest is told, not all of it, and the answer comes last', async () => {
  const work = async (tell: (at: number) => void) => {
    for (let at = 0; at < 50; at += 1) tell(at)
    await delay(5)
    tell(50)
    await delay(5)
    return 'done'
  }
  expect(await all(tellThenResult(work, { first: 0, next: 0 }))).toEqual([49, 50, 'done'])
  const thinned = await all(tellThenResult(work, { first: 0, next: 1000 }))
  expect(thinned).toEqual([49, 'done'])
})

test('what was told early and stands since is told when it is time', async () => {
  const work = async (tell: (at: number) => void) => {
    tell(1)
    await delay(200)
    return 'done'
  }
  expect(await all(tellThenResult(work, { first: 50, next: 20 }))).toEqual([1, 'done'])
})

test('what goes wrong is thrown, also after something was told', async () => {
  const work = async (tell: (at: number) => void) => {
    tell(1)
    await delay(5)
    throw new Error('the disk is gone')
  }
  const told: number[] = []
  const reading = async () => {
    for await (const event of tellThenResult(work, { first: 0, next: 0 })) told.push(event)
  }
  await expect(reading()).rejects.toThrow('the disk is gone')
  expect(told).toEqual([1])
})

test('who leaves early ends the work, and leaves nothing behind that is not caught', async () => {
  let ended = false
  const work = async (tell: (at: number) => void, left: AbortSignal) => {
    tell(1)
    await delay(20)
    ended = left.aborted
    throw new Error('cancelled')
  }
  for await (const event of tellThenResult(work, { first: 0, next: 0 })) {
    expect(event).toBe(1)
    break
  }
  await delay(40)
  expect(ended).toBe(true)
})
