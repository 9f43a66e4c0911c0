// Asks the server every two seconds how far a stream is, over a connection that is kept; a server that is away is not an error.
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { formatBytes } from '../../../../shared/model/byteCount'
import { openServer } from '../../../postgres/openServer'
import type { ResolvedConnection, Services } from '../../../services'
import { readSlot, segmentAt } from './readSlot'

const everyMs = 2_000
const firstMs = 300

export interface StreamReading {
  position: string
  words: string
  /** The server says that it streams through the slot. */
  going: boolean
}

export interface WatchOptions {
  services: Pick<Services, 'connections'>
  connection: ResolvedConnection
  slot: string
  signal: AbortSignal
  onReading: (reading: StreamReading) => void
}

/** Resolves once the signal is aborted; never rejects. */
export async function watchStream({ services, connection, slot, signal, onReading }: WatchOptions): Promise<void> {
  let client: Client | null = null
  for (let wait = firstMs; !signal.aborted; wait = everyMs) {
    try {
      await delay(wait, undefined, { signal })
      client ??= await openServer(services, connection, signal)
      const reading = await readSlot(client, slot)
      if (signal.aborted) break
      const going = reading.active === true && reading.state !== 'startup' && reading.state !== 'backup'
      const segment = segmentAt(reading)
      const lag = reading.lag === null ? '' : `lag ${formatBytes(reading.lag)}`
      onReading({ position: reading.written ?? '', words: [lag, segment ?? ''].filter(Boolean).join(', '), going })
    } catch {
      // Stopped, or the server is away: the program's own end says so, and the next round opens a new connection.
      await client?.end().catch(() => undefined)
      client = null
    }
  }
  await client?.end().catch(() => undefined)
}
