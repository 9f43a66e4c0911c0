// The queue between a stream's source and its reader: bounded, in order, with nothing lost at its end.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventQueue } from '../../../shared/rpc/eventQueue'
import { streamWindow } from '../../../shared/rpc/frames'

describe('eventQueue', () => {
  it('is bounded, and gives room again at half the window', async () => {
    const granted: number[] = []
    const queue = eventQueue((count) => granted.push(count))
    for (let n = 0; n < streamWindow; n++) expect(queue.push(n)).toBe(true)
    expect(queue.push('too many')).toBe(false)
    for (let n = 0; n < streamWindow; n++) expect(await queue.next()).toEqual({ done: false, value: n })
    expect(granted).toEqual([streamWindow / 2, streamWindow / 2])
  })

  it('gives what was waiting before the end or the error', async () => {
    const ended = eventQueue(() => undefined)
    ended.push(1)
    ended.end()
    expect(await ended.next()).toEqual({ done: false, value: 1 })
    expect(await ended.next()).toEqual({ done: true, value: undefined })
    const failed = eventQueue(() => undefined)
    failed.push(1)
    failed.fail(new Error('broken'))
    expect(await failed.next()).toEqual({ done: false, value: 1 })
    await expect(failed.next()).rejects.toThrow('broken')
    expect(await failed.next()).toEqual({ done: true, value: undefined })
  })

  it('drops what is waiting when its reader is cancelled', async () => {
    const queue = eventQueue(() => undefined)
    queue.push(1)
    queue.drop(new Error('cancelled'))
    await expect(queue.next()).rejects.toThrow('cancelled')
    const left = eventQueue(() => undefined)
    left.fail(new Error('nobody hears this'))
    left.drop()
    expect(await left.next()).toEqual({ done: true, value: undefined })
  })

  it('throws an error to one of several readers and ends the others', async () => {
    const queue = eventQueue(() => undefined)
    const readers = [queue.next(), queue.next(), queue.next()]
    queue.fail(new Error('broken'))
    await expect(readers[0]).rejects.toThrow('broken')
    expect(await readers[1]).toEqual({ done: true, value: undefined })
    expect(await readers[2]).toEqual({ done: true, value: undefined })
  })

  it('keeps order and loses nothing, however reads and writes interleave', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 400 }), async (steps) => {
        let room = streamWindow
        let sent = 0
        const queue = eventQueue((count) => {
          room += count
        })
        const reads: Promise<IteratorResult<unknown>>[] = []
        for (const write of steps) {
          if (!write) reads.push(queue.next())
          else if (room > 0) {
            room -= 1
            expect(queue.push(sent++)).toBe(true)
          }
        }
        queue.end()
        const values = (await Promise.all(reads)).filter((result) => !result.done).map((result) => result.value)
        expect(values).toEqual(Array.from({ length: Math.min(sent, reads.length) }, (_, index) => index))
      }),
    )
  })
})
