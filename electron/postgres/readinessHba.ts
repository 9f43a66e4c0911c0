// The line of pg_hba.conf that decides about a replication connection from here, as far as its file tells.
import type { Client } from 'pg'
import { z } from 'zod'
import { majorOf, type PgVersion } from '../../shared/model/pgVersion'

const rule = z.object({
  line: z.number().nullable(),
  /** Base name; null before 16, when there was one file only. */
  file: z.string().nullable(),
  type: z.string().nullable(),
  text: z.string(),
  method: z.string().nullable(),
  broken: z.boolean(),
  /** Replication by that user from this address: null where only the server can tell (host names, samenet, patterns). */
  fits: z.boolean().nullable(),
  forReplication: z.boolean(),
})

type Rule = z.infer<typeof rule>

/** "all" does not stand for replication. A role is meant by its name, "all", or +group; from 16 on also by /pattern. */
function rulesSql(version: PgVersion): string {
  const included = majorOf(version) >= 16
  return `
    SELECT line_number AS line, ${included ? `regexp_replace(file_name, '.*/', '')` : 'NULL'} AS file, type, auth_method AS method,
           error IS NOT NULL AS broken,
           concat_ws(' ', type, array_to_string(database, ','), array_to_string(user_name, ','), address, netmask, auth_method) AS text,
           'replication' = ANY (database) AS "forReplication",
           CASE WHEN error IS NOT NULL OR NOT 'replication' = ANY (database) THEN false
                WHEN (type = 'local') <> (inet_client_addr() IS NULL) THEN false
                WHEN type = 'hostssl' AND NOT encrypted OR type = 'hostnossl' AND encrypted OR type = 'hostgssenc' THEN false
                ELSE (SELECT CASE WHEN bool_or(named = 'all' OR named = session_user OR member) THEN true
                                  WHEN bool_or(named LIKE '/%') THEN NULL ELSE false END
                        FROM (SELECT named, EXISTS (SELECT FROM pg_roles r WHERE named = '+' || r.rolname
                                                       AND pg_has_role(session_user, r.oid, 'MEMBER')) AS member
                                FROM unnest(user_name) AS named) AS names)
                     AND CASE WHEN type = 'local' OR address = 'all' THEN true
                              WHEN netmask IS NULL THEN NULL
                              WHEN family(inet_client_addr()) <> family(address::inet) THEN false
                              ELSE host(inet_client_addr() & netmask::inet) = host(address::inet & netmask::inet) END
            END AS fits
      FROM pg_hba_file_rules,
           LATERAL (SELECT COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted) AS own
     ORDER BY ${included ? 'rule_number, line_number' : 'line_number'}`
}

export interface HbaVerdict {
  /** After what was tried: "line 94 of pg_hba.conf: hostssl replication walkback ...". */
  said: string
  /** Lines that the server can't read are worth a look whatever came of the try. */
  broken: number
}

/** The first line that fits decides; the file may be newer than what the server has loaded. */
export async function readHbaVerdict(client: Client, version: PgVersion): Promise<HbaVerdict> {
  const rules = z.array(rule).parse((await client.query(rulesSql(version))).rows)
  const broken = rules.filter((each) => each.broken).length
  const unread = broken === 0 ? '' : `; ${broken} ${broken === 1 ? 'line' : 'lines'} of it the server can't read`
  const first = rules.find(({ fits }) => fits !== false)
  const count = rules.filter((each) => each.forReplication && !each.broken).length
  if (!first) return { said: `; none of the ${count} replication rules in pg_hba.conf fits${unread}`, broken }
  if (first.fits === null) {
    const rest = `pg_hba.conf has ${count} replication ${count === 1 ? 'rule' : 'rules'}`
    return { said: `; ${rest}, the first that may fit is ${describe(first)}${unread}`, broken }
  }
  return { said: `; ${first.method === 'reject' ? 'refused' : 'let in'} by ${describe(first)}${unread}`, broken }
}

function describe({ line, file, text }: Rule): string {
  return `line ${line} of ${file ?? 'pg_hba.conf'}: ${text}`
}
