// The asking side: turns contracts and a port into functions that call, stream and cancel.
import { AppError } from './appError'
import type { CallOptions, CancelSignal, Client, Contract } from './contract'
import { eventQueue } from './eventQueue'
import { readFrame, type ServerFrame, serverFrame, writeFrame } from './frames'
import type { Port } from './port'

type ContractMap = Readonly<Record<string, Contract>>

export type Clients<C extends ContractMap> = { readonly [K in keyof C]: Client<C[K]> }

/** What a frame for one id does to the call that waits for it. */
interface Pending {
  receive(frame: ServerFrame): void
  fail(error: AppError): void
}

export function disconnected(reason?: string): AppError {
  return new AppError('disconnected', reason ?? 'The connection to Walkback was lost.', {
    hint: 'Jobs need no window: they go on as long as Walkback runs. Connect again to see how they stand.',
  })
}

function cancelled(): AppError {
  return new AppError('cancelled', 'Cancelled.')
}

function onAbort(signal: CancelSignal | undefined, listener: () => void): () => void {
  signal?.addEventListener('abort', listener)
  return () => signal?.removeEventListener('abort', listener)
}

/**
 * Calls reject and streams throw AppError only: as the core sent it, `cancelled` when the signal is aborted, or
 * `disconnected` when the port closes. A stream starts when it is first iterated; leaving the loop cancels it.
 */
export function connectClient<C extends ContractMap>(contracts: C, port: Port): Clients<C> {
  const pending = new Map<number, Pending>()
  let nextId = 0
  let closed: AppError | undefined

  function shut(error: AppError) {
    if (closed) return
    closed = error
    const waiting = [...pending.values()]
    pending.clear()
    for (const call of waiting) call.fail(error)
  }

  port.onClose((reason) => shut(disconnected(reason)))
  port.onMessage((text) => {
    if (closed) return
    const frame = readFrame(serverFrame, text)
    // An id below nextId without a call was cancelled here a moment ago; one that was never given out is no answer.
    if (!frame || frame.id >= nextId) {
      const reason = 'Walkback sent something that could not be read.'
      shut(disconnected(reason))
      port.close(reason)
      return
    }
    pending.get(frame.id)?.receive(frame)
  })

  /** Throws AppError bad_input for what JSON can't hold. */
  function begin(method: string, input: unknown, call: Pending): number {
    const id = nextId++
    let text: string
    try {
      // JSON drops a key whose value is undefined, and a call frame without input is no frame.
      text = writeFrame({ type: 'call', id, method, input: input === undefined ? null : (input as never) })
    } catch (cause) {
      throw new AppError('bad_input', `The request ${method} holds something that can't be sent.`, { cause })
    }
    pending.set(id, call)
    void port.send(text)
    return id
  }

  function cancel(id: number) {
    if (pending.delete(id) && !closed) void port.send(writeFrame({ type: 'cancel', id }))
  }

  function ask(method: string, input: unknown, options: CallOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (closed) return reject(closed)
      if (options.signal?.aborted) return reject(cancelled())
      const id = begin(method, input, {
        receive(frame) {
          forget()
          pending.delete(frame.id)
          if (frame.type === 'result') resolve(frame.output)
          else if (frame.type === 'error') reject(AppError.fromWire(frame.error))
          else reject(new AppError('internal', `${method} answered with a stream where one answer was due.`))
        },
        fail(error) {
          forget()
          reject(error)
        },
      })
      const forget = onAbort(options.signal, () => {
        forget()
        cancel(id)
        reject(cancelled())
      })
    })
  }

  function watch(method: string, input: unknown, options: CallOptions = {}): AsyncIterable<unknown> {
    return { [Symbol.asyncIterator]: () => iterate(method, input, options) }
  }

  function iterate(method: string, input: unknown, options: CallOptions): AsyncIterator<unknown> {
    let id: number | undefined
    let forget = () => {}
    const queue = eventQueue((count) => {
      if (id !== undefined && pending.has(id)) void port.send(writeFrame({ type: 'more', id, count }))
    })
    function leave() {
      forget()
      if (id !== undefined) cancel(id)
    }
    function start() {
      if (closed) return queue.fail(closed)
      if (options.signal?.aborted) return queue.fail(cancelled())
      try {
        id = begin(method, input, {
          receive(frame) {
            if (frame.type === 'event') {
              if (queue.push(frame.event)) return
              leave()
              return queue.fail(new AppError('internal', `${method} sent more than it was asked for.`))
            }
            forget()
            pending.delete(frame.id)
            if (frame.type === 'end') queue.end()
            else if (frame.type === 'error') queue.fail(AppError.fromWire(frame.error))
            else queue.fail(new AppError('internal', `${method} answered once where a stream was due.`))
          },
          fail(error) {
            forget()
            queue.fail(error)
          },
        })
      } catch (error) {
        return queue.fail(error)
      }
      forget = onAbort(options.signal, () => {
        leave()
        queue.drop(cancelled())
      })
    }
    let started = false
    return {
      next() {
        if (!started) {
          started = true
          start()
        }
        return queue.next()
      },
      async return(value) {
        started = true
        leave()
        queue.drop()
        return { done: true, value }
      },
    }
  }

  const clients = Object.entries(contracts).map(([capability, { methods }]) => {
    const functions = Object.entries(methods).map(([name, { kind }]) => {
      const method = `${capability}.${name}`
      return [
        name,
        kind === 'call'
          ? (input: unknown, options?: CallOptions) => ask(method, input, options)
          : (input: unknown, options?: CallOptions) => watch(method, input, options),
      ]
    })
    return [capability, Object.fromEntries(functions)]
  })
  // Built from the contracts' own entries: names and kinds agree; the core parses input and output with their schemas.
  return Object.fromEntries(clients) as Clients<C>
}
