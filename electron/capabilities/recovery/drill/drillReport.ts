// The report of a drill: one HTML file that needs nothing else, and prints well.
import type { DrillResult } from '../../../../shared/contracts/drill'
import { formatBytes } from '../../../../shared/model/byteCount'

const style = `
@page { size: A4; margin: 18mm 16mm; }
body { font: 13px/1.5 Inter, "Segoe UI", Roboto, Arial, sans-serif; color: #14212b; max-width: 180mm; margin: 24px auto; padding: 0 16px; }
h1 { font-size: 22px; line-height: 1.3; margin: 0 0 4px; } h2 { font-size: 15px; margin: 22px 0 6px; break-after: avoid; }
.verdict { border: 2px solid; border-radius: 8px; padding: 10px 14px; margin: 14px 0; font-weight: 600; break-inside: avoid; }
.ok { border-color: #1f6b4a; color: #1f6b4a; } .bad { border-color: #b3261e; color: #b3261e; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: 4px 8px 4px 0; border-bottom: 1px solid #dde4ea; vertical-align: top; }
th { font-weight: 600; } tr { break-inside: avoid; } thead { display: table-header-group; } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font: 12px "JetBrains Mono", Consolas, monospace; overflow-wrap: anywhere; } ul { margin: 4px 0; padding-left: 20px; } .t { color: #5b6a77; font-size: 12px; }
`

export function drillReport(result: DrillResult): string {
  const { ok, label, server, at, phases, proved, notProved, databases, tables } = result
  const restored = result.how === 'restored'
  const took = (how: string) => (result.recoverySeconds === 0 ? 'it did not get there' : `${result.recoverySeconds} s, ${how}`)
  const facts: (readonly [string, string])[] = [
    ['Backup', `${text(label)}<br><code>${text(result.backup)}</code>`],
    ['Server', text(server)],
    ['System identifier', `<code>${text(result.systemIdentifier)}</code>`],
    ['PostgreSQL', text(result.serverVersion)],
    ...(restored
      ? ([
          ['Restored', text(result.target)],
          ['Restore took', took('from its first statement to its last')],
        ] as const)
      : ([
          ['Recovered', text(result.target)],
          ['Stopped', text(result.stoppedAt || 'it did not get there')],
          ['Recovery took', took('from the copy until the server could be asked')],
        ] as const)),
    ['Drill of', `${text(at.slice(0, 19).replace('T', ' '))} UTC`],
  ]
  const done = restored
    ? 'the backup was restored into an empty cluster that nobody else could reach, read in full and thrown away.'
    : 'the backup was restored to a scratch cluster, recovered, read in full and thrown away.'
  const made = ok
    ? done
    : 'the backup was to be restored to a scratch cluster and read in full; what was made of it was thrown away.'
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Restore drill of ${text(label)}</title><style>${style}</style></head><body>
<h1>Restore drill of ${text(server)}</h1>
<p class="t">Made by Walkback: ${made}</p>
<p class="verdict ${ok ? 'ok' : 'bad'}">${ok ? '&#10003; Passed: this backup can be restored.' : `&#10007; Failed: ${text(result.problem)}`}</p>
<table><tbody>${facts.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`).join('')}</tbody></table>
${errorTable(result.errors)}${list('What was proved', proved)}
${list('What was not proved', ok || databases.length > 0 ? notProved : [...notProved, 'Everything after the failure.'])}
<h2>How long it took</h2>
<table><thead><tr><th>Phase</th><th class="n">Seconds</th><th>What was seen</th></tr></thead><tbody>
${phases.map(({ name, seconds, detail }) => `<tr><td>${text(name)}</td><td class="n">${seconds.toFixed(1)}</td><td>${text(detail)}</td></tr>`).join('\n')}
</tbody></table>
${
  databases.length === 0
    ? ''
    : `<h2>Databases</h2><table><thead><tr><th>Database</th><th class="n">Tables</th><th class="n">Rows</th><th class="n">Dumped</th></tr></thead><tbody>
${databases.map((one) => `<tr><td>${text(one.name)}</td><td class="n">${number(one.tables)}</td><td class="n">${number(one.rows)}</td><td class="n">${formatBytes(one.dumpedBytes)}</td></tr>`).join('\n')}
</tbody></table>`
}
${
  tables.length === 0
    ? ''
    : `<h2>Rows by table, the largest ${number(tables.length)}</h2><table><thead><tr><th>Table</th><th>Database</th><th class="n">Rows</th></tr></thead><tbody>
${tables.map((one) => `<tr><td><code>${text(one.table)}</code></td><td>${text(one.database)}</td><td class="n">${number(one.rows)}</td></tr>`).join('\n')}
</tbody></table>`
}
</body></html>
`
}

function list(head: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `<h2>${head}</h2><ul>${lines.map((line) => `<li>${text(line)}</li>`).join('')}</ul>`
}

/** The first of them, and how many there are. */
function errorTable(errors: DrillResult['errors']): string {
  if (!errors) return ''
  const more = errors.count - errors.first.length
  return `<h2>What could not be restored</h2><table><thead><tr><th>Object</th><th>What PostgreSQL said</th></tr></thead><tbody>
${errors.first.map(({ object, message }) => `<tr><td>${text(object)}</td><td><code>${text(message)}</code></td></tr>`).join('\n')}
</tbody></table>${more > 0 ? `<p class="t">And ${number(more)} more: the log of the drill has them all.</p>` : ''}
`
}

const number = (value: number) => value.toLocaleString('en-US')

function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
