// Preflight rows about a script: where it goes, what psql would have to do for it, its encoding and its own transactions.
import { clientEncodings } from '../../../shared/model/clientEncodings'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import type { PreflightFix, PreflightRow } from '../../../shared/model/preflight'
import { goTo, row, setOption } from '../../library/preflightRow'
import { skipsRows } from './chooseTool'
import type { RestorePlan } from './planRestore'
import type { ScriptFacts } from './scriptFacts'
import { readAs } from './scriptText'

/** Scripts go where they say: \connect, DROP DATABASE and CREATE DATABASE are named before anything runs. */
export function scriptRows(plan: RestorePlan): PreflightRow[] {
  if (plan.archive.kind !== 'script') return []
  const { script } = plan.archive
  return [
    ...commandRows(script),
    ...variableRows(script),
    ...connectRows(plan, script),
    ...databaseRows(plan, script),
    ...encodingRows(plan, script),
    ...transactionRows(plan, script),
    ...errorRows(plan, script),
  ]
}

function commandRows({ refused }: ScriptFacts): PreflightRow[] {
  if (refused.length === 0) return []
  const shown = refused.slice(0, 5).map(({ line, text, why }) => `Line ${number(line)}, ${text}: ${why}.`)
  const more = refused.length > shown.length ? ` And ${refused.length - shown.length} more.` : ''
  return [
    row(
      'commands',
      'blocker',
      refused.length === 1 ? 'Command of psql' : 'Commands of psql',
      `${shown.join(' ')}${more} Walkback does not let psql do that. Take it out of the script, or run it with psql yourself.`,
      [goTo('Choose another source', 'source')],
    ),
  ]
}

function variableRows({ unsetVariables }: ScriptFacts): PreflightRow[] {
  const [first] = unsetVariables
  if (!first) return []
  const names = [...new Set(unsetVariables.map(({ name }) => name))]
  return [
    row(
      'variables',
      'blocker',
      names.length === 1 ? 'Variable of psql' : 'Variables of psql',
      `The script uses ${list(names)} (first in line ${number(first.line)}) and does not set ${names.length === 1 ? 'it' : 'them'}. ` +
        `Put \\set ${first.name} with its value at the beginning of the script.`,
      [goTo('Choose another source', 'source')],
    ),
  ]
}

function connectRows({ request }: RestorePlan, { connects }: ScriptFacts): PreflightRow[] {
  if (connects.length === 0) return []
  const names = list(connects)
  return request.target.kind === 'existing'
    ? [
        row(
          'connects',
          'warning',
          'Script connects elsewhere',
          `It begins in the chosen database, then goes to ${names} by \\connect, and writes there.`,
        ),
      ]
    : [
        row(
          'connects',
          'blocker',
          'Script connects elsewhere',
          `It leaves the chosen database by \\connect and works in ${names}: the new database would stay empty. ` +
            'Choose an existing database to begin in, such as postgres.',
          [goTo('Change the destination', 'destination')],
        ),
      ]
}

function databaseRows({ request, server }: RestorePlan, script: ScriptFacts): PreflightRow[] {
  const rows: PreflightRow[] = []
  const { dropsDatabases, createsDatabases, connects } = script
  if (dropsDatabases.length > 0) {
    const there = dropsDatabases.filter((name) => server.databases.has(name))
    const found =
      there.length === 0
        ? `It drops ${list(dropsDatabases)}, of which none exists here.`
        : `It drops ${list(there)}, which this server has: everything in there will be gone.`
    rows.push(row('drops', 'warning', 'Script drops databases', found))
  }
  const taken = createsDatabases.filter((name) => server.databases.has(name) && !dropsDatabases.includes(name))
  if (taken.length > 0) {
    const found = `It creates ${list(taken)}, which this server has already`
    rows.push(
      request.continueOnError
        ? row('creates', 'warning', 'Database is there already', `${found}: that fails, and the rest is added to what is there.`)
        : row(
            'creates',
            'blocker',
            'Database is there already',
            `${found}: the script would stop there. Drop or rename it first.`,
            [setOption('Go on after errors', 'continueOnError', true)],
          ),
    )
  }
  const missing = connects.filter((name) => !server.databases.has(name) && !createsDatabases.includes(name))
  if (missing.length > 0) {
    const found = `It connects to ${list(missing)}, which neither this server has nor the script creates: psql ends there.`
    rows.push(row('missing', 'blocker', 'Database is missing', found, [goTo('Choose another source', 'source')]))
  }
  return rows
}

/** The encoding that psql is told for a script that does not say its own before its first text; '' leaves it to the server. */
export function scriptEncoding({ text }: ScriptFacts, chosen: string | undefined): string {
  if (text.before === 'ascii') return text.declared === null ? (chosen ?? '') : ''
  return chosen !== undefined && chosen !== '' ? chosen : text.before === 'utf8' ? 'UTF8' : ''
}

function encodingRows(plan: RestorePlan, script: ScriptFacts): PreflightRow[] {
  const { text } = script
  const chosen = plan.request.scriptEncoding ?? ''
  const change = goTo('Choose the encoding', 'options')
  const rows: PreflightRow[] = []
  if (text.foreign !== null && chosen === '') {
    const said =
      text.declared === null ? 'the script does not name its encoding' : `it names its encoding, ${text.declared}, only later`
    rows.push(
      row(
        'encoding',
        'blocker',
        'Encoding of the script is not known',
        `Line ${number(text.foreign.line)} is not UTF-8, and ${said}. Choose which one it is in.`,
        [change],
      ),
    )
  } else if (text.foreign !== null) rows.push(chosenRow(text.foreign, chosen, change))
  else if (text.before === 'utf8' && text.declared === null) {
    const other = chosen !== '' && chosen !== 'UTF8'
    const found = other
      ? `Its text looks like UTF-8, and is read as ${chosen}, as chosen: each character beyond ASCII becomes two or more.`
      : 'It does not name one. Its text is UTF-8, and psql is told so.'
    rows.push(row('encoding', other ? 'warning' : 'pass', 'Encoding of the script', found, other ? [change] : []))
  }
  if (text.broken) rows.push(brokenRow(plan, text.broken.line))
  else if (text.looksUtf8) {
    const { line, encoding } = text.looksUtf8
    rows.push(
      row(
        'encoding-looks',
        'warning',
        'Encoding of the script',
        `It says ${encoding}, but from line ${number(line)} on its text looks like UTF-8: each character beyond ASCII would become ` +
          'two or more. If so, correct client_encoding in the script.',
      ),
    )
  }
  return rows
}

/** The person sees one line as it would be read: nobody else can tell whether that is right. */
function chosenRow(foreign: { line: number; bytes: string }, chosen: string, change: PreflightFix): PreflightRow {
  const where = `Line ${number(foreign.line)}`
  if (chosen === 'UTF8') {
    return row('encoding', 'blocker', 'Encoding of the script', `${where} is not UTF-8: the server refuses it.`, [change])
  }
  const read = readAs(foreign.bytes, chosen)
  const known = clientEncodings.find(({ name }) => name === chosen)
  const shown = read === null ? '' : ` ${where} reads: ${aroundText(read)}`
  return row('encoding', 'pass', 'Encoding of the script', `${chosen}${known ? ` (${known.label})` : ''}, as chosen.${shown}`)
}

/** What stands around the first character beyond ASCII. */
function aroundText(line: string): string {
  const at = Math.max(0, line.search(/[^\x20-\x7e\t]/) - 30)
  return `${at > 0 ? '…' : ''}${line.slice(at, at + 80).trim()}${line.length > at + 80 ? '…' : ''}`
}

function brokenRow({ request }: RestorePlan, line: number): PreflightRow {
  const found =
    `It says UTF8, but line ${number(line)} is not UTF-8: the server refuses that. Correct client_encoding in the script, ` +
    'or the line.'
  const check = 'Encoding of the script is not what it says'
  if (request.continueOnError) return row('encoding-broken', 'warning', check, found)
  return row('encoding-broken', 'blocker', check, found, [setOption('Go on after errors', 'continueOnError', true)])
}

function transactionRows({ request }: RestorePlan, script: ScriptFacts): PreflightRow[] {
  if (!request.singleTransaction) return []
  const off = setOption('Without one transaction', 'singleTransaction', false)
  const where = ({ line, text }: { line: number; text: string }) => `Line ${number(line)}, ${text},`
  const own = script.ownTransaction
  const outside = script.outsideTransaction
  const rows: PreflightRow[] = []
  if (script.connects.length > 0) {
    rows.push(
      row('whole', 'blocker', 'One transaction', 'The script connects anew by \\connect, and no transaction survives that.', [
        off,
      ]),
    )
  } else if (outside) {
    rows.push(row('whole', 'blocker', 'One transaction', `${where(outside)} can’t run inside a transaction.`, [off]))
  } else if (own) {
    const found = `${where(own)} ends the transaction in the middle: what came before would be kept whatever follows.`
    rows.push(row('whole', 'blocker', 'One transaction', found, [off]))
  }
  return rows
}

function errorRows({ request, restore }: RestorePlan, script: ScriptFacts): PreflightRow[] {
  const { goesOn, holdsBack, rowCommand } = script
  const rows: PreflightRow[] = []
  if ((request.continueOnError || goesOn !== null) && script.copies > 0 && !skipsRows(restore.tool.version)) {
    const version = formatPgVersion(restore.tool.version)
    rows.push(
      rowCommand
        ? row(
            'rows',
            'blocker',
            'Rows that could be run as commands',
            `Line ${number(rowCommand.line)}, a row of a COPY, has ${rowCommand.text.trim()}. When that COPY fails, psql ${version} goes on ` +
              `by reading its rows as commands: ${rowCommand.why}. Stop at the first error, or install psql 17 or newer.`,
            request.continueOnError ? [setOption('Stop at the first error', 'continueOnError', false)] : [],
          )
        : row(
            'rows',
            'warning',
            'Rows of a COPY that fails',
            `psql ${version} reads them as statements when it goes on: more errors follow, and the statement after them can be lost. ` +
              'psql 17 and newer pass over them.',
          ),
    )
  }
  if (goesOn !== null && !request.continueOnError) {
    rows.push(
      row(
        'goes-on',
        'warning',
        'Script goes on after errors',
        `Line ${number(goesOn)} turns ON_ERROR_STOP off: from there on errors are counted and shown, and do not stop it.`,
      ),
    )
  }
  if (holdsBack !== null) {
    rows.push(
      row(
        'holds-back',
        'warning',
        'Script turns AUTOCOMMIT off',
        `From line ${number(holdsBack)} on only what a COMMIT of its own follows is kept.`,
      ),
    )
  }
  return rows
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}

function number(line: number): string {
  return line.toLocaleString('en-US')
}
