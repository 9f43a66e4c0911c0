// Keeps the line indexes of the last few logs that were looked at, so that paging doesn't read a file from its start again.
import type { JobLog } from './jobLog'

const size = 8

export class LogShelf {
  readonly #open: (id: string) => Promise<JobLog>
  /** The least recently used first. */
  readonly #logs = new Map<string, Promise<JobLog>>()

  constructor(open: (id: string) => Promise<JobLog>) {
    this.#open = open
  }

  get(id: string): Promise<JobLog> {
    const log = this.#logs.get(id) ?? this.#open(id)
    this.#keep(id, log)
    log.catch(() => this.#logs.delete(id)) // whoever asked gets the error; the next one tries again
    return log
  }

  put(id: string, log: JobLog): void {
    this.#keep(id, Promise.resolve(log))
  }

  drop(id: string): void {
    this.#logs.delete(id)
  }

  #keep(id: string, log: Promise<JobLog>): void {
    this.#logs.delete(id)
    this.#logs.set(id, log)
    const [oldest] = this.#logs.keys()
    if (this.#logs.size > size && oldest !== undefined) this.#logs.delete(oldest)
  }
}
