// The lines of the shell script that verify and combine the chain of an incremental backup, in place of a copy.
import path from 'node:path'
import { quoteForShell } from '../../../shared/tools/showCommand'
import { leftFiles } from './listBackup'
import type { ChainPlan } from './planChain'
import type { RecoveryPlan } from './planRecovery'

const q = quoteForShell

/** Each backup of the chain, before anything is written. */
export function verifyLines({ links, last, verifier }: ChainPlan): string[] {
  if (!verifier) return []
  return links.flatMap((link) => {
    if (link.backup.manifest === null) return []
    // The WAL of those before the last is of no use to the result.
    const unread = link !== last || verifier.command.argv.includes('--no-parse-wal')
    return [`${q(verifier.path)}${unread ? ' --no-parse-wal' : ''} ${q(link.backup.data)}`]
  })
}

/** Into the unfinished folders, which are there and empty. */
export function combineLines({ data, spaces }: RecoveryPlan, chain: ChainPlan): string[] {
  const { tool, command, output, last, copyOfLast, verifier } = chain
  if (!tool || !command) return []
  const lines: string[] = []
  if (copyOfLast !== null) {
    // pg_combinebackup refuses relative links in the last backup of a chain.
    lines.push(`cp -R ${q(last.backup.data)} ${q(copyOfLast)}`)
    for (const { oid, from } of chain.spaces) {
      const link = q(path.join(copyOfLast, 'pg_tblspc', oid))
      lines.push(`rm -f ${link}`, `ln -s ${q(from)} ${link}`)
    }
  }
  lines.push([tool.path, ...command.argv].map(q).join(' '))
  if (verifier) lines.push([verifier.path, ...verifier.command.argv].map(q).join(' '))
  if (copyOfLast !== null) lines.push(`rm -rf ${q(copyOfLast)}`)
  const up = (from: string, to: string) => lines.push(`mv ${q(from)}/* ${q(to)}/`, `rmdir ${q(from)}`)
  up(output, data.partial)
  for (const { oid, to } of chain.spaces) up(to, spaces.find(({ name }) => name === oid)?.partial ?? '')
  lines.push(
    `rm -f ${Object.keys(leftFiles)
      .map((name) => q(path.join(data.partial, name)))
      .join(' ')}`,
  )
  return lines
}
