// Both tables read whole, by key, side by side, in one picture of each: what a rescue will bring, before it does.
import { Buffer } from 'node:buffer'
import { openPipe } from '../../postgres/copyAcross'
import { copyOut } from '../../postgres/copyStream'
import type { Stoppable } from '../../postgres/stoppable'
import { KeyedRows, type MergeCounts, mergeRows } from './mergeRows'
import { liveByKeySql, sourceByKeySql } from './rescueSql'
import { keyColumns, type TablePlan } from './tablePlan'

interface Stream {
  pieces: AsyncIterable<Buffer>
  done: Promise<number>
  stop(reason: unknown): void
}

function openStream({ client, cancel }: Pick<Stoppable, 'client' | 'cancel'>, sql: string, signal: AbortSignal): Stream {
  const pipe = openPipe()
  const done = copyOut(client, sql, { cancel, signal, write: (chunks) => pipe.write(chunks) }).then(
    (rows) => {
      pipe.end()
      return rows
    },
    (reason: unknown) => {
      pipe.fail(reason)
      throw reason
    },
  )
  // Its reader throws the same; whoever waits for the end hears it too.
  done.catch(() => undefined)
  return { pieces: pipe.read(), done, stop: (reason) => pipe.fail(reason) }
}

export interface Comparison {
  plan: TablePlan
  source: Stoppable
  live: Stoppable
  /** What is sent behind key and hash of each row of the source. */
  rest: readonly string[]
  signal: AbortSignal
  onRows(recovered: number): void
}

/** Hands on what follows the key of each missing row; the sessions have begun to read. */
export async function* missingRows(
  { plan, source, live, rest, signal, onRows }: Comparison,
  counts: MergeCounts,
): AsyncGenerator<Buffer[], void, undefined> {
  const fields = keyColumns(plan).length
  const out = openStream(source, sourceByKeySql(plan, rest), signal)
  const now = openStream(live, liveByKeySql(plan), signal)
  const timer = setInterval(() => onRows(counts.recovered), 500)
  let ended = false
  try {
    yield* mergeRows(new KeyedRows(out.pieces, fields), new KeyedRows(now.pieces, fields), counts)
    ended = true
    await Promise.all([out.done, now.done])
  } finally {
    clearInterval(timer)
    if (!ended) {
      const reason = new Error('the comparison has ended')
      out.stop(reason)
      now.stop(reason)
      await Promise.allSettled([out.done, now.done])
    }
  }
}

/** Each row of a COPY in text format, with its line end: a line end within a value is written as a backslash and an n. */
export async function* readLines(source: Stoppable, sql: string, signal: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
  const stream = openStream(source, sql, signal)
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of stream.pieces) {
    const buffer = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    let at = 0
    for (let end = buffer.indexOf(10); end >= 0; end = buffer.indexOf(10, at)) {
      yield buffer.subarray(at, end + 1)
      at = end + 1
    }
    rest = buffer.subarray(at)
  }
  await stream.done
}
