// A vitest reporter: writes down the errors that happened outside any test, which the JSON report leaves out.
import { writeFileSync } from 'node:fs'

export default class OutsideErrors {
  /** @param {unknown} _modules @param {readonly { message?: string, cause?: { message?: string } }[]} errors */
  onTestRunEnd(_modules, errors) {
    const file = process.env.WALKBACK_OUTSIDE_ERRORS
    if (file === undefined) return
    const messages = errors.map(({ message, cause }) => [message, cause?.message].filter(Boolean).join(' '))
    writeFileSync(file, JSON.stringify(messages))
  }
}
