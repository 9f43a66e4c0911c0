// Answers one port: reads frames, checks input, runs handlers, checks output, and stops what the port no longer wants.
import type { z } from 'zod'
import { AppError } from '../../shared/rpc/appError'
import type { Contract, Handlers } from '../../shared/rpc/contract'
import { type ClientFrame, clientFrame, readFrame, type ServerFrame, streamWindow, writeFrame } from '../../shared/rpc/frames'
import type { Port } from '../../shared/rpc/port'
import { badInput, fieldPath } from './badInput'
import { type ReportUnexpected, reportToStderr, toWireError } from './toWireError'

type ContractMap = Readonly<Record<string, Contract>>

export type HandlerMap<C extends ContractMap> = { readonly [K in keyof C]: Handlers<C[K], AbortSignal> }

/** A handler with its types forgotten: `never`, since only what its own schema returned may go in. */
type AnyHandler = (input: never, context: { signal: AbortSignal }) => Promise<unknown> | AsyncIterable<unknown>

interface Method {
  kind: 'call' | 'stream'
  input: z.ZodType
  output: z.ZodType
  handler: AnyHandler
}

interface Running {
  controller: AbortController
  /** Events of a stream that may still be sent before its reader asks for more. */
  room: number
  /** Wakes a stream that waits for room. */
  wake(): void
}

type Methods = ReadonlyMap<string, Method>

export const callsAtOnce = 256

export interface RouterOptions<C extends ContractMap> {
  contracts: C
  handlers: HandlerMap<C>
  port: Port
  report?: ReportUnexpected
}

/** By full name, so that nothing the other side sends is ever looked up on an object. */
function listMethods(contracts: ContractMap, handlers: Readonly<Record<string, Readonly<Record<string, AnyHandler>>>>): Methods {
  const methods = new Map<string, Method>()
  for (const [capability, contract] of Object.entries(contracts)) {
    for (const [name, shape] of Object.entries(contract.methods)) {
      const handler = handlers[capability]?.[name]
      if (!handler) throw new Error(`No handler for ${capability}.${name}.`)
      const output = shape.kind === 'call' ? shape.output : shape.event
      methods.set(`${capability}.${name}`, { kind: shape.kind, input: shape.input, output, handler })
    }
  }
  return methods
}

function parseInput(method: Method, input: unknown): never {
  let parsed: z.ZodSafeParseResult<unknown>
  try {
    parsed = method.input.safeParse(input)
  } catch (cause) {
    // A schema that descends into nested input overflows the stack on input that is nothing but nesting.
    if (cause instanceof RangeError) throw new AppError('bad_input', 'The request is nested too deeply.', { cause })
    throw cause
  }
  if (!parsed.success) throw badInput(parsed.error)
  return parsed.data as never // the handler's own schema just returned it
}

/** Only what the contract names leaves the core: unknown keys are dropped, and what does not fit is our fault, not theirs. */
function parseOutput(method: Method, name: string, output: unknown): z.core.util.JSONType {
  const parsed = method.output.safeParse(output)
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => `${fieldPath(issue.path)} (${issue.code})`).slice(0, 5)
    throw new Error(`${name} returned what its contract does not allow, at: ${where.join(', ')}`)
  }
  return (parsed.data ?? null) as z.core.util.JSONType // contracts hold JSON types only
}

/** Does not wait for a source that never moves again; what that still throws belongs to the cancel. */
function nextOrAborted(iterator: AsyncIterator<unknown>, call: Running): Promise<IteratorResult<unknown> | 'aborted'> {
  return new Promise((resolve, reject) => {
    call.wake = () => {
      if (call.controller.signal.aborted) resolve('aborted')
    }
    iterator.next().then(resolve, reject)
  })
}

/** Serves until the port closes; then every call of this port is aborted. */
export function serveRouter<C extends ContractMap>(options: RouterOptions<C>): void {
  const { port, report = reportToStderr } = options
  const methods = listMethods(options.contracts, options.handlers)
  const running = new Map<number, Running>()
  let closed = false

  port.onClose(() => {
    closed = true
    for (const call of running.values()) {
      call.controller.abort(new AppError('disconnected', 'The window that asked is gone.'))
      call.wake()
    }
  })

  function breakOff(reason: string) {
    if (!closed) port.close(reason)
  }

  async function send(frame: ServerFrame): Promise<void> {
    if (!closed) await port.send(writeFrame(frame))
  }

  async function answer(id: number, name: string, input: unknown, call: Running): Promise<void> {
    const { signal } = call.controller
    try {
      const method = methods.get(name)
      if (!method) throw new AppError('not_found', 'This version of Walkback does not know that request.')
      const checked = parseInput(method, input)
      const outcome = method.handler(checked, { signal })
      if (method.kind === 'call') {
        const output = parseOutput(method, name, await outcome)
        if (!signal.aborted) return await send({ type: 'result', id, output })
      } else {
        await forward(id, name, method, outcome as AsyncIterable<unknown>, call) // the kind says so
        if (!signal.aborted) return await send({ type: 'end', id })
      }
      await send({ type: 'error', id, error: { code: 'cancelled', message: 'Cancelled.' } })
    } catch (error) {
      // After a cancel whatever the handler threw on its way out is the cancel's own doing.
      const cancelled = signal.aborted && !(error instanceof AppError)
      await send({
        type: 'error',
        id,
        error: cancelled ? { code: 'cancelled', message: 'Cancelled.' } : toWireError(error, name, report),
      })
    } finally {
      running.delete(id)
    }
  }

  async function forward(id: number, name: string, method: Method, events: AsyncIterable<unknown>, call: Running): Promise<void> {
    const { signal } = call.controller
    const iterator = events[Symbol.asyncIterator]()
    let finished = false
    try {
      while (!signal.aborted) {
        if (call.room === 0) {
          await new Promise<void>((resolve) => {
            call.wake = resolve
          })
          continue
        }
        const step = await nextOrAborted(iterator, call)
        if (step === 'aborted') return
        if (step.done) {
          finished = true
          return
        }
        call.room -= 1
        await send({ type: 'event', id, event: parseOutput(method, name, step.value) })
      }
    } finally {
      if (!finished) void iterator.return?.().catch((error: unknown) => report(`${name} while ending: ${String(error)}`))
    }
  }

  function begin(frame: Extract<ClientFrame, { type: 'call' }>) {
    if (running.has(frame.id)) return breakOff('The same call number was used twice.')
    if (running.size >= callsAtOnce) {
      const message = `More than ${callsAtOnce} requests are being answered for this window.`
      void send({ type: 'error', id: frame.id, error: { code: 'conflict', message, hint: 'Wait a moment, then try again.' } })
      return
    }
    const call: Running = { controller: new AbortController(), room: streamWindow, wake: () => undefined }
    running.set(frame.id, call)
    answer(frame.id, frame.method, frame.input, call).catch((error: unknown) => report(`${frame.method}: ${String(error)}`))
  }

  port.onMessage((text) => {
    if (closed) return
    const frame = readFrame(clientFrame, text)
    if (!frame) return breakOff('A message could not be read.')
    if (frame.type === 'call') return begin(frame)
    // A cancel and an answer may cross on the way: an id that is no longer running is no mistake.
    const call = running.get(frame.id)
    if (!call) return
    if (frame.type === 'cancel') call.controller.abort()
    else call.room = Math.min(call.room + frame.count, streamWindow)
    call.wake()
  })
}
