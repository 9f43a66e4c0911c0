// Reads the value that a preflight's fix gives to an option.
import { z } from 'zod'

const value = z.union([z.boolean(), z.string(), z.number(), z.array(z.string())])

/** null and anything that is no option's value take the option back. */
export function optionValue(given: unknown): z.infer<typeof value> {
  return value.catch('').parse(given)
}
