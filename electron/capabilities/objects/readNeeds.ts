// What relations need of other relations, extensions and schemas, for the warnings of a partial dump.
import type { Client } from 'pg'
import { z } from 'zod'
import type { ObjectNeeds } from '../../../shared/contracts/objects'
import { needsSql, sizesSql } from '../../postgres/treeSql'

const most = 50_000

const needsRow = z.object({
  sources: z.array(z.number()),
  how: z.array(z.string()),
  kinds: z.array(z.string().length(1)),
  targets: z.array(z.number()),
})

export async function readNeeds(client: Client): Promise<ObjectNeeds> {
  await client.query(`SET statement_timeout = '60s'; SET lock_timeout = '2s'`)
  const found = needsRow.parse((await client.query(needsSql(most))).rows[0])
  const words = [...new Set(found.how)]
  const places = new Map(words.map((word, index) => [word, index]))
  return {
    from: found.sources.slice(0, most),
    to: found.targets.slice(0, most),
    toKinds: found.kinds.slice(0, most).join(''),
    how: found.how.slice(0, most).map((word) => places.get(word) ?? 0),
    words,
    cut: found.sources.length > most,
  }
}

/** null for those that are gone. Throws the driver's 55P03 when one of them is locked for longer than a moment. */
export async function readSizes(client: Client, oids: readonly number[]): Promise<(number | null)[]> {
  await client.query(`SET statement_timeout = '30s'; SET lock_timeout = '1s'`)
  const { rows } = await client.query(sizesSql, [oids])
  const sizes = new Map(
    z
      .array(z.object({ oid: z.number(), bytes: z.number().nullable() }))
      .parse(rows)
      .map(({ oid, bytes }) => [oid, bytes]),
  )
  return oids.map((oid) => sizes.get(oid) ?? null)
}
