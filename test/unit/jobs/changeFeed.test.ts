// The feed of changed jobs: each once, at most five times a second, and an end for whoever waits.
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ChangeFeed } from '../../../electron/jobs/changeFeed'

describe('ChangeFeed', () => {
  it('keeps what changed between two looks, once for each job', async () => {
    const feed = new ChangeFeed()
    const subscription = feed.subscribe(new AbortController().signal)
    for (let time = 0; time < 1000; time += 1) feed.changedNow('a')
    feed.changedNow('b')
    feed.removed('b')
    expect([...((await subscription.next()) ?? [])]).toEqual([
      ['a', 'changed'],
      ['b', 'removed'],
    ])
    feed.close()
  })

  it('tells what moves all the time at most five times a second', async () => {
    const feed = new ChangeFeed()
    const subscription = feed.subscribe(new AbortController().signal)
    const told: number[] = []
    const watching = (async () => {
      while (await subscription.next()) told.push(performance.now())
    })()
    const end = performance.now() + 1000
    while (performance.now() < end) {
      feed.changedSoon('a')
      await pause(1)
    }
    feed.close()
    await watching
    expect(told.length).toBeGreaterThanOrEqual(3)
    expect(told.length).toBeLessThanOrEqual(5)
  })

  it('ends waiting subscribers on abort, on close and on their own end', async () => {
    const feed = new ChangeFeed()
    const abort = new AbortController()
    const aborted = feed.subscribe(abort.signal)
    const closed = feed.subscribe(new AbortController().signal)
    const left = feed.subscribe(new AbortController().signal)
    const waits = [aborted.next(), left.next(), closed.next()]
    abort.abort()
    expect(await waits[0]).toBeNull()
    left.close()
    expect(await waits[1]).toBeNull()
    feed.close()
    expect(await waits[2]).toBeNull()
    expect(await feed.subscribe(new AbortController().signal).next()).toBeNull()
  })
})
