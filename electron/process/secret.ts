// A password in memory: it shows as stars wherever it is printed, logged or serialised by accident.

const stars = '********'

export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The only way to the text; callers hand it straight to a driver, a 0600 file or a child's environment. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return stars
  }

  toJSON(): string {
    return stars
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return stars
  }
}
