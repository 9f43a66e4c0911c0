// One row of a preflight table: what was checked, what was found, and the ways to put it right.
import { z } from 'zod'

/** `action` is what the renderer does when the fix is pressed: change the draft, or call the core. */
export const preflightFix = z.object({
  label: z.string(),
  action: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('set-option'), key: z.string(), value: z.json() }),
    z.object({ kind: z.literal('go-to-step'), step: z.string() }),
    z.object({ kind: z.literal('apply-globals'), roles: z.array(z.string()), tablespaces: z.array(z.string()) }),
    /** The statements are for showing: the core knows them itself. */
    z.object({ kind: z.literal('summarize-wal'), statements: z.array(z.string()) }),
    /** `why` says where the size comes from. */
    z.object({ kind: z.literal('limit-slots'), megabytes: z.int(), statements: z.array(z.string()), why: z.string() }),
  ]),
})

export const preflightRow = z.object({
  id: z.string(),
  result: z.enum(['pass', 'warning', 'blocker']),
  check: z.string(),
  found: z.string(),
  fixes: z.array(preflightFix),
})

export type PreflightFix = z.infer<typeof preflightFix>
export type PreflightRow = z.infer<typeof preflightRow>
