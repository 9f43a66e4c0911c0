// One suite over both ports: whatever holds over IPC holds over a WebSocket.
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { callsAtOnce, serveRouter } from '../../electron/rpc/router'
import { AppError } from '../../shared/rpc/appError'
import { type Clients, connectClient } from '../../shared/rpc/client'
import { streamWindow } from '../../shared/rpc/frames'
import { closing, type PortPair, pairFactories } from './portPairs'
import { hiddenText, newTrialLog, type TrialLog, trialContracts, trialHandlers } from './trialContracts'

const runs = process.env.WALKBACK_LONG === '1' ? 10_000 : 300

async function until(condition: () => boolean, what: string, ms = 5000): Promise<void> {
  const end = Date.now() + ms
  while (!condition()) {
    if (Date.now() > end) throw new Error(`${what} did not come about within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function failure(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof AppError)) throw new Error(`expected an AppError, got ${String(error)}`)
  return error
}

describe.each(pairFactories)('RPC over $name', (factory) => {
  let pair: PortPair
  let log: TrialLog
  let api: Clients<typeof trialContracts>['trial']
  let reports: string[]
  /** Every text that the core sent. */
  let wire: string[]

  beforeEach(async () => {
    pair = await factory.open()
    log = newTrialLog()
    reports = []
    wire = []
    serveRouter({
      contracts: trialContracts,
      handlers: trialHandlers(log),
      port: pair.core,
      report: (text) => reports.push(text),
    })
    pair.page.onMessage((text) => wire.push(text))
    api = connectClient(trialContracts, pair.page).trial
  })

  afterEach(() => pair.dispose())

  it('carries any JSON there and back unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(
        // What JSON itself can't tell apart (-0) or what zod's records refuse to hold (__proto__) is not asked of it.
        fc.jsonValue({ maxDepth: 6, noUnicodeString: false }).filter((value) => !JSON.stringify(value).includes('"__proto__"')),
        async (value) => {
          const sent = JSON.parse(JSON.stringify(value))
          expect((await api.echo({ value: sent })).value).toEqual(sent)
        },
      ),
      { numRuns: runs },
    )
  })

  it('drops keys whose value is undefined, and answers all the same', async () => {
    expect(await api.optional({ a: undefined, b: 'x' })).toEqual({ keys: ['b'] })
    expect(await api.optional({})).toEqual({ keys: [] })
  })

  it('answers a call whose whole input is undefined with bad_input instead of leaving it hanging', async () => {
    const error = await failure(api.echo(undefined as never))
    expect(error.code).toBe('bad_input')
    expect(error.message).toBe('The request needs a group of fields.')
  })

  it('refuses to send what JSON can not hold', async () => {
    const error = await failure(api.echo({ value: 1n as never }))
    expect(error.code).toBe('bad_input')
    expect(error.message).toBe("The request trial.echo holds something that can't be sent.")
    expect((await api.echo({ value: 1 })).value).toBe(1)
  })

  it('carries 6 MB in one piece', async () => {
    const value = 'é'.repeat(3 * 1024 * 1024)
    const answer = await api.echo({ value })
    expect(answer.value === value).toBe(true)
  })

  it('closes the port on a frame over 8 MB', async () => {
    const closed = closing(pair.core)
    pair.rawSend(JSON.stringify({ type: 'call', id: 0, method: 'trial.echo', input: { value: 'x'.repeat(9 * 1024 * 1024) } }))
    await closed
    expect(reports).toEqual([])
  })

  it('cancels two calls of one method apart', async () => {
    const first = new AbortController()
    const second = new AbortController()
    const one = failure(api.wait({ name: 'one' }, { signal: first.signal }))
    const two = api.wait({ name: 'two' }, { signal: second.signal })
    await until(() => log.waiting.size === 2, 'both waiting')
    first.abort()
    expect((await one).code).toBe('cancelled')
    await until(() => log.aborted.length === 1, 'the abort')
    expect(log.aborted).toEqual(['one'])
    log.waiting.get('two')?.()
    expect(await two).toEqual({ name: 'two' })
  })

  it('does not send a call whose signal is aborted already', async () => {
    const error = await failure(api.wait({ name: 'never' }, { signal: AbortSignal.abort() }))
    expect(error.code).toBe('cancelled')
    await api.echo({ value: 1 })
    expect(log.waiting.size).toBe(0)
  })

  it('keeps working when a cancel crosses its answer', async () => {
    for (let n = 0; n < 50; n++) {
      const controller = new AbortController()
      const call = api.echo({ value: n }, { signal: controller.signal }).then(
        () => 'answered',
        (error: unknown) => (error instanceof AppError ? error.code : 'other'),
      )
      if (n % 2 === 0) await new Promise((resolve) => setImmediate(resolve))
      controller.abort()
      expect(['answered', 'cancelled']).toContain(await call)
    }
    expect((await api.echo({ value: 'still here' })).value).toBe('still here')
  })

  it('streams in order to the end', async () => {
    const seen: number[] = []
    for await (const { n } of api.count({ to: 1000 })) seen.push(n)
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
  })

  it('ends a stream with the error its handler threw, after what came before', async () => {
    const seen: number[] = []
    const loop = async () => {
      for await (const { n } of api.failing({ after: 3 })) seen.push(n)
    }
    const error = await failure(loop())
    expect(error.code).toBe('tool_failed')
    expect(error.message).toBe('The program stopped.')
    expect(seen).toEqual([1, 2, 3])
  })

  it('cancels when a for-await is left', async () => {
    for await (const { n } of api.flood({ size: 10 })) if (n === 3) break
    await until(() => log.left.length === 1, 'the generator to be left')
    const produced = log.produced
    await pause(50)
    expect(log.produced).toBe(produced)
  })

  it('aborts a stream by its signal, also while it waits for an event', async () => {
    const controller = new AbortController()
    const loop = async () => {
      for await (const _ of api.idle({}, { signal: controller.signal })) setTimeout(() => controller.abort(), 10)
    }
    expect((await failure(loop())).code).toBe('cancelled')
    await until(() => log.aborted.includes('idle'), 'the handler to hear of it')
  })

  it('lets go of a stream whose source never moves again', async () => {
    for (let n = 0; n < callsAtOnce + 10; n++) {
      for await (const _ of api.deaf({})) break
    }
    // More than may run at once were left behind: each has made room.
    expect((await api.echo({ value: 1 })).value).toBe(1)
  })

  it('holds a stream back while its reader is slow, and loses nothing', async () => {
    const seen: number[] = []
    for await (const { n } of api.flood({ size: 1000 })) {
      seen.push(n)
      if (n === 1) {
        await pause(150)
        expect(log.produced).toBeLessThanOrEqual(streamWindow + 1)
      }
      if (n === 1000) break
    }
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
    expect(log.produced).toBeLessThanOrEqual(1000 + streamWindow + 1)
  })

  it('closed by the window: aborts its calls and streams in the core', async () => {
    const call = failure(api.wait({ name: 'gone' }))
    const watching = failure(
      (async () => {
        for await (const _ of api.idle({})) continue
      })(),
    )
    await until(() => log.waiting.size === 1 && wire.some((text) => text.includes('"event"')), 'both running')
    pair.cut()
    await until(() => log.aborted.length === 2, 'both aborted')
    expect([...log.aborted].sort()).toEqual(['gone', 'idle'])
    if (factory.name === 'WebSocket') {
      expect((await call).code).toBe('disconnected')
      expect((await watching).code).toBe('disconnected')
    }
  })

  it('closed by the core: rejects what waits and what comes later with disconnected', async () => {
    const call = failure(api.wait({ name: 'a' }))
    const watching = failure(
      (async () => {
        for await (const _ of api.idle({})) continue
      })(),
    )
    await until(() => log.waiting.size === 1 && wire.some((text) => text.includes('"event"')), 'both running')
    pair.core.close('Walkback was stopped.')
    const error = await call
    expect(error.code).toBe('disconnected')
    expect(error.message).toBe('Walkback was stopped.')
    expect((await watching).code).toBe('disconnected')
    expect((await failure(api.echo({ value: 1 }))).code).toBe('disconnected')
    await failure(
      (async () => {
        for await (const _ of api.count({ to: 1 })) continue
      })(),
    )
  })

  it.each([
    ['not JSON', 'hello'],
    ['empty', ''],
    ['half a frame', '{"type":"call","id":1'],
    ['an array', '[]'],
    ['null', 'null'],
    ['no id', '{"type":"cancel"}'],
    ['a negative id', '{"type":"cancel","id":-1}'],
    ['a fractional id', '{"type":"cancel","id":1.5}'],
    ['an id beyond the safe integers', '{"type":"cancel","id":9007199254740993}'],
    ['an id as text', '{"type":"cancel","id":"1"}'],
    ['an unknown type', '{"type":"shutdown","id":1}'],
    ['a call without input', '{"type":"call","id":1,"method":"trial.echo"}'],
    ['an extra key', '{"type":"cancel","id":1,"extra":true}'],
    ["the core's own frame", '{"type":"result","id":1,"output":{}}'],
    ['room for nothing', '{"type":"more","id":1,"count":0}'],
    ['nothing but nesting', `{"type":"cancel","id":${'['.repeat(100_000)}`],
  ])('closes the port on a malformed frame: %s', async (_what, text) => {
    const call = failure(api.wait({ name: 'running' }))
    await until(() => log.waiting.size === 1, 'the call running')
    const closed = closing(pair.core)
    pair.rawSend(text)
    expect(await closed).toBe('A message could not be read.')
    await until(() => log.aborted.includes('running'), 'the abort')
    expect((await call).code).toBe('disconnected')
  })

  it('closes the port on a message that is not text', async () => {
    const closed = closing(pair.core)
    pair.rawSend(factory.name === 'IPC' ? { type: 'cancel', id: 1 } : new Uint8Array([1, 2, 3]))
    expect(await closed).toMatch(/could not be read|Only text/)
  })

  it('closes the port when a number is used by two running calls', async () => {
    const closed = closing(pair.core)
    const text = JSON.stringify({ type: 'call', id: 7, method: 'trial.wait', input: { name: 'x' } })
    pair.rawSend(text)
    pair.rawSend(text)
    expect(await closed).toBe('The same call number was used twice.')
  })

  it('closes on the page when the core sends what is no frame, or answers a call that was never made', async () => {
    const call = failure(api.wait({ name: 'x' }))
    void pair.core.send('{"type":"event","id":99,"event":{}}')
    const error = await call
    expect(error.code).toBe('disconnected')
    expect(error.message).toBe('Walkback sent something that could not be read.')
  })

  it('answers an unknown method, and names that objects have by nature, with not_found', async () => {
    await api.echo({ value: 1 }) // gives the page's client an id 0 that it no longer waits for
    const names = [
      'trial.nothing',
      'trial.constructor',
      'trial.__proto__',
      '__proto__.echo',
      'constructor.name',
      'trial.echo.x',
      'TRIAL.ECHO',
      'trial',
    ]
    for (const method of names) {
      wire.length = 0
      pair.rawSend(JSON.stringify({ type: 'call', id: 0, method, input: {} }))
      await until(() => wire.length === 1, `an answer to ${method}`)
      const error = { code: 'not_found', message: 'This version of Walkback does not know that request.' }
      expect(JSON.parse(wire[0] ?? '')).toEqual({ type: 'error', id: 0, error })
    }
    expect((await api.echo({ value: 2 })).value).toBe(2)
  })

  it('refuses more than 256 calls at once and goes on when there is room', async () => {
    const calls = Array.from({ length: callsAtOnce }, (_, index) => api.wait({ name: String(index) }))
    const error = await failure(api.echo({ value: 1 }))
    expect(error.code).toBe('conflict')
    expect(error.message).toBe('More than 256 requests are being answered for this window.')
    for (const release of log.waiting.values()) release()
    await Promise.all(calls)
    expect((await api.echo({ value: 1 })).value).toBe(1)
  })

  it('names the field that does not fit and never repeats its value', async () => {
    const base = { name: 'x', options: {}, kind: 'a' as const }
    const check = async (input: unknown, message: string) => {
      const error = await failure(api.strict(input as never))
      expect(error.code).toBe('bad_input')
      expect(error.message).toBe(message)
    }
    await check({ ...base, name: '' }, 'The field "name" must not be empty.')
    await check({ ...base, name: 5 }, 'The field "name" needs text.')
    await check({ options: {}, kind: 'a' }, 'The field "name" is missing; it needs text.')
    await check({ ...base, kind: hiddenText }, 'The field "kind" must be one of: a, b.')
    await check({ ...base, options: { jobs: hiddenText } }, 'The field "options.jobs" needs a number.')
    await check(
      { ...base, options: { [`$(${hiddenText})`]: 1 } },
      'The field "options.(unnamed)" has a name that is not allowed.',
    )
    await check({ ...base, [hiddenText]: 1 }, 'The request holds a field that is not known here.')
    expect(wire.join('')).not.toContain(hiddenText)
    expect(log.inputs).toEqual([])
  })

  it('lets nothing out that the contract does not name', async () => {
    expect(await api.leaky({})).toEqual({ shown: 'yes' })
    expect(wire.join('')).not.toContain(hiddenText)
  })

  it('calls an output that does not fit its contract internal, and says where on standard error only', async () => {
    const error = await failure(api.wrongOutput({}))
    expect(error.code).toBe('internal')
    expect(reports.join('')).toContain('trial.wrongOutput returned what its contract does not allow, at: count (invalid_type)')
  })

  it('maps what handlers throw to codes without stacks or hidden parts', async () => {
    const app = await failure(api.fail({ how: 'app' }))
    expect(app.toWire()).toEqual({
      code: 'conflict',
      message: 'The folder is in use.',
      hint: 'Wait for the other job.',
      details: { path: '/x' },
    })
    const postgres = await failure(api.fail({ how: 'postgres' }))
    expect(postgres.toWire()).toEqual({
      code: 'postgres',
      message: 'permission denied for table orders',
      hint: 'Ask the owner.',
      details: { sqlstate: '42501' },
    })
    expect((await failure(api.fail({ how: 'abort' }))).code).toBe('cancelled')
    for (const how of ['plain', 'sync', 'text'] as const) {
      const error = await failure(api.fail({ how }))
      expect(error.code).toBe('internal')
      expect(error.message).toBe('Something unexpected failed inside Walkback.')
      expect(reports.at(-1)).toContain(String(error.details?.['errorId']))
    }
    expect(reports).toHaveLength(3)
    const sent = wire.join('\n')
    expect(sent).not.toContain(hiddenText)
    expect(sent).not.toMatch(/\.ts:\d|at .*\(|node_modules/)
  })
})
