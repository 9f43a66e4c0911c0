// A small contract whose handlers do what a transport can get wrong: echo, wait, count, fail, flood.
import { z } from 'zod'
import type { HandlerMap } from '../../electron/rpc/router'
import { AppError } from '../../shared/rpc/appError'
import { call, contract, stream } from '../../shared/rpc/contract'

export const trial = contract('trial', {
  echo: call(z.object({ value: z.json() }), z.object({ value: z.json() })),
  optional: call(z.object({ a: z.string().optional(), b: z.string().optional() }), z.object({ keys: z.array(z.string()) })),
  wait: call(z.object({ name: z.string() }), z.object({ name: z.string() })),
  fail: call(z.object({ how: z.enum(['app', 'plain', 'postgres', 'abort', 'sync', 'text']) }), z.object({})),
  leaky: call(z.object({}), z.object({ shown: z.string() })),
  wrongOutput: call(z.object({}), z.object({ count: z.number() })),
  strict: call(
    z.strictObject({ name: z.string().min(1), options: z.record(z.string().max(10), z.number()), kind: z.enum(['a', 'b']) }),
    z.object({}),
  ),
  count: stream(z.object({ to: z.number() }), z.object({ n: z.number() })),
  flood: stream(z.object({ size: z.number() }), z.object({ n: z.number(), text: z.string() })),
  idle: stream(z.object({}), z.object({})),
  deaf: stream(z.object({}), z.object({})),
  failing: stream(z.object({ after: z.number() }), z.object({ n: z.number() })),
})

export const trialContracts = { trial } as const

export const hiddenText = 'hunter2-must-not-leave'

/** What the handlers saw, for the assertions. */
export interface TrialLog {
  aborted: string[]
  waiting: Map<string, () => void>
  produced: number
  left: string[]
  inputs: unknown[]
}

export function trialHandlers(log: TrialLog): HandlerMap<typeof trialContracts> {
  const untilAborted = (signal: AbortSignal, name: string) =>
    new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        log.aborted.push(name)
        reject(signal.reason)
      })
    })
  return {
    trial: {
      echo: async ({ value }) => ({ value }),
      optional: async (input) => ({ keys: Object.keys(input).sort() }),
      wait: async ({ name }, { signal }) => {
        const released = new Promise<void>((resolve) => log.waiting.set(name, resolve))
        await Promise.race([released, untilAborted(signal, name)])
        return { name }
      },
      fail: ({ how }) => {
        if (how === 'sync') throw new Error(`thrown before any promise, ${hiddenText}`)
        if (how === 'app') {
          return Promise.reject(
            new AppError('conflict', 'The folder is in use.', {
              hint: 'Wait for the other job.',
              details: { path: '/x' },
              cause: new Error(hiddenText),
            }),
          )
        }
        if (how === 'postgres') {
          return Promise.reject(
            Object.assign(new Error('permission denied for table orders'), {
              code: '42501',
              severity: 'ERROR',
              hint: 'Ask the owner.',
              detail: hiddenText,
              internalQuery: hiddenText,
            }),
          )
        }
        if (how === 'abort') return Promise.reject(new DOMException('The operation was aborted', 'AbortError'))
        if (how === 'text') return Promise.reject(hiddenText)
        return Promise.reject(new Error(`connect failed for password=${hiddenText}`))
      },
      leaky: async () => {
        const row = { shown: 'yes', password: hiddenText }
        return row
      },
      wrongOutput: async () => ({ count: Number.NaN }),
      strict: async (input) => {
        log.inputs.push(input)
        return {}
      },
      async *count({ to }) {
        for (let n = 1; n <= to; n++) yield { n }
      },
      async *flood({ size }, { signal }) {
        try {
          for (let n = 1; !signal.aborted; n++) {
            log.produced = n
            yield { n, text: 'x'.repeat(size) }
          }
        } finally {
          log.left.push('flood')
        }
      },
      async *idle(_input, { signal }) {
        yield {}
        await untilAborted(signal, 'idle')
      },
      /** Never moves again and does not listen to its signal. */
      async *deaf() {
        yield {}
        await new Promise(() => {})
      },
      async *failing({ after }) {
        for (let n = 1; n <= after; n++) yield { n }
        throw new AppError('tool_failed', 'The program stopped.')
      },
    },
  }
}

export function newTrialLog(): TrialLog {
  return { aborted: [], waiting: new Map(), produced: 0, left: [], inputs: [] }
}
