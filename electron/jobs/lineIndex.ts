// Where lines begin in a log file, in bounded memory: every stride-th offset, the stride doubling as the log grows.

const capacity = 65_536

export class LineIndex {
  #offsets = new Float64Array(1024)
  #kept = 0
  #stride = 1
  #count = 0

  /** Lines seen so far. */
  get count(): number {
    return this.#count
  }

  /** The next line begins at this byte. */
  add(offset: number): void {
    if (this.#count % this.#stride === 0) {
      if (this.#kept === capacity) this.#thin()
      if (this.#count % this.#stride === 0) this.#keep(offset)
    }
    this.#count += 1
  }

  /** The nearest kept line at or before line `n`: which one it is and where it begins. */
  before(n: number): { line: number; offset: number } {
    const slot = Math.min(Math.floor(n / this.#stride), this.#kept - 1)
    return slot < 0 ? { line: 0, offset: 0 } : { line: slot * this.#stride, offset: this.#offsets[slot] ?? 0 }
  }

  #keep(offset: number): void {
    if (this.#kept === this.#offsets.length) {
      const larger = new Float64Array(Math.min(capacity, this.#offsets.length * 2))
      larger.set(this.#offsets)
      this.#offsets = larger
    }
    this.#offsets[this.#kept] = offset
    this.#kept += 1
  }

  #thin(): void {
    for (let slot = 0; slot * 2 < this.#kept; slot += 1) this.#offsets[slot] = this.#offsets[slot * 2] ?? 0
    this.#kept = Math.ceil(this.#kept / 2)
    this.#stride *= 2
  }
}
