// Declares what one capability can be asked: calls and streams, each with zod schemas for what goes in and comes out.
import type { z } from 'zod'

export interface Call<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly kind: 'call'
  readonly input: I
  readonly output: O
}

export interface Stream<I extends z.ZodType = z.ZodType, E extends z.ZodType = z.ZodType> {
  readonly kind: 'stream'
  readonly input: I
  readonly event: E
}

export type Methods = Readonly<Record<string, Call | Stream>>

export interface Contract<N extends string = string, M extends Methods = Methods> {
  readonly name: N
  readonly methods: M
}

/** One question, one answer. */
export function call<I extends z.ZodType, O extends z.ZodType>(input: I, output: O): Call<I, O> {
  return { kind: 'call', input, output }
}

/** One question, events until either side ends it. */
export function stream<I extends z.ZodType, E extends z.ZodType>(input: I, event: E): Stream<I, E> {
  return { kind: 'stream', input, event }
}

export function contract<N extends string, M extends Methods>(name: N, methods: M): Contract<N, M> {
  return { name, methods }
}

/**
 * What both sides need of an AbortSignal. Spelled out because this folder knows neither Node's nor the DOM's types;
 * a real AbortSignal fits it.
 */
export interface CancelSignal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export interface CallOptions {
  signal?: CancelSignal
}

export type ClientMethod<T> =
  T extends Call<infer I, infer O>
    ? (input: z.input<I>, options?: CallOptions) => Promise<z.output<O>>
    : T extends Stream<infer I, infer E>
      ? (input: z.input<I>, options?: CallOptions) => AsyncIterable<z.output<E>>
      : never

/** The caller's view of a contract: `api.dump.start(input, { signal })`. */
export type Client<C extends Contract> = { readonly [K in keyof C['methods']]: ClientMethod<C['methods'][K]> }

/** S is the host's AbortSignal type, so that handlers can pass it on to Node's own functions. */
export type Handler<T, S extends CancelSignal> =
  T extends Call<infer I, infer O>
    ? (input: z.output<I>, context: { signal: S }) => Promise<z.input<O>>
    : T extends Stream<infer I, infer E>
      ? (input: z.output<I>, context: { signal: S }) => AsyncIterable<z.input<E>>
      : never

/** The answering side of a contract; a missing handler does not compile. */
export type Handlers<C extends Contract, S extends CancelSignal = CancelSignal> = {
  readonly [K in keyof C['methods']]: Handler<C['methods'][K], S>
}
