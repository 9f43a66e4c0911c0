// Tells watchers which jobs changed: at once or gathered, and never more than the newest state to one that is slow.

const gatherMs = 200

export type Change = 'changed' | 'removed'

export interface Subscription {
  /** What changed since the last call, waiting for something to change; null when it is over. */
  next(): Promise<ReadonlyMap<string, Change> | null>
  close(): void
}

export class ChangeFeed {
  readonly #listeners = new Set<(id: string, change: Change) => void>()
  readonly #enders = new Set<() => void>()
  readonly #gathered = new Set<string>()
  #timer: NodeJS.Timeout | null = null
  #closed = false

  changedNow(id: string): void {
    this.#gathered.delete(id)
    this.#tell(id, 'changed')
  }

  /** At most five times a second. */
  changedSoon(id: string): void {
    this.#gathered.add(id)
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      for (const waiting of this.#gathered) this.#tell(waiting, 'changed')
      this.#gathered.clear()
    }, gatherMs)
  }

  removed(id: string): void {
    this.#gathered.delete(id)
    this.#tell(id, 'removed')
  }

  /** Takes effect before it returns, so that nothing is missed between a first look and the first wait. */
  subscribe(signal: AbortSignal): Subscription {
    let pending = new Map<string, Change>()
    let over = this.#closed || signal.aborted
    let wake: (() => void) | null = null
    const listener = (id: string, change: Change) => {
      pending.set(id, change)
      wake?.()
    }
    const end = () => {
      over = true
      this.#listeners.delete(listener)
      this.#enders.delete(end)
      signal.removeEventListener('abort', end)
      wake?.()
    }
    if (!over) {
      this.#listeners.add(listener)
      this.#enders.add(end)
      signal.addEventListener('abort', end)
    }
    return {
      next: async () => {
        for (;;) {
          if (over) return null
          if (pending.size > 0) break
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          wake = null
        }
        const batch = pending
        pending = new Map()
        return batch
      },
      close: end,
    }
  }

  close(): void {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    for (const end of this.#enders) end()
  }

  #tell(id: string, change: Change): void {
    for (const listener of this.#listeners) listener(id, change)
  }
}
