// A page that stops reading from the network: the core's side of the socket waits instead of filling memory.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { serveRouter } from '../../electron/rpc/router'
import { highWater } from '../../electron/web/wsPort'
import { connectClient } from '../../shared/rpc/client'
import { type PortPair, webSocketPair } from './portPairs'
import { newTrialLog, trialContracts, trialHandlers } from './trialContracts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

let pair: PortPair
beforeEach(async () => {
  pair = await webSocketPair.open()
})
afterEach(() => pair.dispose())

/** Sends until send() asks to wait; bytes sent, and the promise that waits. */
function fill(): { sent: number; waiting: Promise<void> } {
  const text = 'x'.repeat(256 * 1024)
  for (let sent = 0; sent < 512 * 1024 * 1024; sent += text.length) {
    const waiting = pair.core.send(text)
    if (waiting) return { sent, waiting }
  }
  throw new Error('send() never asked to wait')
}

const settled = async (promise: Promise<void>, ms: number) =>
  Promise.race([promise.then(() => true), pause(ms).then(() => false)])

it('send() waits at the high-water mark and goes on once the page reads again', async () => {
  pair.stall?.(true)
  const { sent, waiting } = fill()
  // The kernel takes a few megabytes at once before anything waits here.
  expect(sent).toBeLessThan(highWater * 16)
  // What the kernel's own buffers took may let one wait end; the next does not.
  await settled(waiting, 300)
  const later = fill()
  expect(await settled(later.waiting, 300)).toBe(false)
  pair.stall?.(false)
  expect(await settled(later.waiting, 5000)).toBe(true)
})

it('send() does not wait for ever on a socket that is gone', async () => {
  pair.stall?.(true)
  await settled(fill().waiting, 300)
  const { waiting } = fill()
  pair.cut()
  expect(await settled(waiting, 5000)).toBe(true)
  expect(pair.core.send('after')).toBeUndefined()
})

it('a stream to a page that does not read stops producing, and resumes where it was', async () => {
  const log = newTrialLog()
  serveRouter({ contracts: trialContracts, handlers: trialHandlers(log), port: pair.core })
  const api = connectClient(trialContracts, pair.page).trial
  const seen: number[] = []
  let stalledAt = 0
  for await (const { n } of api.flood({ size: 1024 * 1024 })) {
    seen.push(n)
    if (n === 1) {
      pair.stall?.(true)
      await pause(300)
      stalledAt = log.produced
      await pause(300)
      expect(log.produced).toBe(stalledAt)
      pair.stall?.(false)
    }
    if (n === 100) break
  }
  expect(stalledAt).toBeLessThan(64)
  expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
})
