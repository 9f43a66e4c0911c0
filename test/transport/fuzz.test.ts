// Random input of every kind over both ports: each is answered or closes the port, and nothing crashes or hangs.
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type HandlerMap, serveRouter } from '../../electron/rpc/router'
import { type Contracts, contracts } from '../../shared/contracts'
import { AppError, errorCodes } from '../../shared/rpc/appError'
import { connectClient } from '../../shared/rpc/client'
import { readFrame, serverFrame } from '../../shared/rpc/frames'
import { type PortPair, pairFactories } from './portPairs'
import { newTrialLog, trialContracts, trialHandlers } from './trialContracts'

const long = process.env.WALKBACK_LONG === '1'
const frameRuns = long ? 10_000 : 600
const inputRuns = long ? 10_000 : 1000

const validFrame = fc.oneof(
  fc.record({
    type: fc.constant('call'),
    id: fc.nat(5),
    method: fc.constantFrom('trial.echo', 'trial.count', 'trial.wait', 'x.y'),
    input: fc.jsonValue(),
  }),
  fc.record({ type: fc.constant('cancel'), id: fc.nat(5) }),
  fc.record({ type: fc.constant('more'), id: fc.nat(5), count: fc.integer({ min: 1 }) }),
)

/** A valid frame's text with something wrong in it: a byte changed, cut off, doubled, a key gone or of another type. */
const mutatedFrame = fc
  .tuple(validFrame, fc.nat(), fc.nat(5), fc.jsonValue(), fc.string({ minLength: 1, maxLength: 3 }))
  .map(([frame, at, how, value, text]) => {
    const whole = JSON.stringify(frame)
    const place = at % whole.length
    const key = Object.keys(frame)[at % Object.keys(frame).length] ?? 'type'
    if (how === 0) return whole.slice(0, place) + text + whole.slice(place + 1)
    if (how === 1) return whole.slice(0, place)
    if (how === 2) return whole + whole.slice(place)
    if (how === 3) return JSON.stringify({ ...frame, [key]: undefined })
    if (how === 4) return JSON.stringify({ ...frame, [key]: value })
    return JSON.stringify({ ...frame, [text]: value })
  })

const anyMessage = fc.oneof(
  { weight: 4, arbitrary: mutatedFrame },
  { weight: 2, arbitrary: validFrame.map((frame) => JSON.stringify(frame)) },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.uint8Array() },
)

/** Whatever a page could put where a field belongs. */
const anyInput = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.dictionary(
    fc.constantFrom(
      'connectionId',
      'database',
      'options',
      'path',
      'jobId',
      'settings',
      'id',
      'source',
      'target',
      'kind',
      'format',
      'confirm',
      '__proto__',
      'constructor',
    ),
    fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null), fc.jsonValue({ maxDepth: 2 })),
  ),
)

interface Stubs {
  handlers: HandlerMap<Contracts>
  reached: Set<string>
}

/** Answers `{}` to everything: right for some contracts, wrong for most, which is one more thing to survive. */
function stubHandlers(): Stubs {
  const reached = new Set<string>()
  const all = Object.entries(contracts).map(([capability, { methods }]) => [
    capability,
    Object.fromEntries(
      Object.entries(methods).map(([name, { kind }]) => [
        name,
        kind === 'call'
          ? async () => {
              reached.add(`${capability}.${name}`)
              return {}
            }
          : async function* () {
              reached.add(`${capability}.${name}`)
              yield {}
            },
      ]),
    ),
  ])
  return { handlers: Object.fromEntries(all), reached }
}

function withDeadline<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer: ${what.slice(0, 500)}`)), 5000)
  })
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer))
}

describe.each(pairFactories)('random input over $name', (factory) => {
  let pair: PortPair | undefined
  const unexpected: unknown[] = []
  const note = (error: unknown) => unexpected.push(error)

  afterEach(async () => {
    await pair?.dispose()
    pair = undefined
    process.off('unhandledRejection', note)
    process.off('uncaughtException', note)
    expect(unexpected).toEqual([])
  })

  it(`${frameRuns} random messages: the port closes or goes on answering`, { timeout: 600_000 }, async () => {
    process.on('unhandledRejection', note)
    process.on('uncaughtException', note)
    let closed = true
    let answer: ((text: string) => void) | undefined
    let wake: (() => void) | undefined
    let probe = 1000
    let closings = 0
    let answered = 0
    await fc.assert(
      fc.asyncProperty(anyMessage, async (message) => {
        if (closed) {
          await pair?.dispose()
          pair = await factory.open()
          closed = false
          serveRouter({
            contracts: trialContracts,
            handlers: trialHandlers(newTrialLog()),
            port: pair.core,
            report: () => undefined,
          })
          pair.page.onMessage((text) => answer?.(text))
          pair.core.onClose(() => {
            closed = true
            wake?.()
          })
        }
        const id = probe++
        const settled = new Promise<void>((resolve) => {
          wake = resolve
          answer = (text) => {
            const frame = readFrame(serverFrame, text)
            if (!frame) throw new Error(`the core sent no frame: ${text}`)
            if (frame.id === id) resolve()
          }
        })
        pair?.rawSend(message)
        pair?.rawSend(JSON.stringify({ type: 'call', id, method: 'trial.echo', input: { value: id } }))
        await withDeadline(settled, String(message))
        if (closed) closings++
        else answered++
      }),
      { numRuns: frameRuns },
    )
    // Neither way out is the only one that was seen.
    expect(closings).toBeGreaterThan(frameRuns / 20)
    expect(answered).toBeGreaterThan(frameRuns / 20)
  })

  it(`${inputRuns} random inputs to the application's own methods: each ends with an answer or a named error`, {
    timeout: 600_000,
  }, async () => {
    process.on('unhandledRejection', note)
    process.on('uncaughtException', note)
    pair = await factory.open()
    let closedBecause: string | undefined
    pair.core.onClose((reason) => {
      closedBecause = reason ?? 'closed'
    })
    const stubs = stubHandlers()
    serveRouter({ contracts, handlers: stubs.handlers, port: pair.core, report: () => undefined })
    const api = connectClient(contracts, pair.page)
    const methods = Object.entries(contracts).flatMap(([capability, contract]) =>
      Object.entries(contract.methods).map(([name, { kind }]) => ({ capability, name, kind })),
    )
    type Method = (typeof methods)[number]
    const codes = new Map<string, number>()
    const tried = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...methods), anyInput, async ({ capability, name, kind }, input) => {
        tried.add(`${capability}.${name}`)
        const capabilityApi = api[capability as keyof typeof api] as unknown as Record<string, (input: unknown) => unknown>
        const run = async () => {
          const outcome = capabilityApi[name]?.(input)
          if (kind === 'call') await outcome
          else for await (const _ of outcome as AsyncIterable<unknown>) continue
        }
        const code = await withDeadline(
          run().then(
            () => 'answered',
            (error: unknown) => {
              if (error instanceof AppError) return error.code
              throw error
            },
          ),
          `${capability}.${name}`,
        )
        expect(['answered', ...errorCodes]).toContain(code)
        codes.set(code, (codes.get(code) ?? 0) + 1)
      }),
      // Chance alone would leave one out now and then.
      { numRuns: inputRuns, examples: methods.map((method): [Method, null] => [method, null]) },
    )
    expect(closedBecause).toBeUndefined()
    expect(codes.get('disconnected')).toBeUndefined()
    expect(codes.get('bad_input')).toBeGreaterThan(0)
    expect(stubs.reached.size).toBeGreaterThan(0)
    expect(tried.size).toBe(methods.length)
  })
})
