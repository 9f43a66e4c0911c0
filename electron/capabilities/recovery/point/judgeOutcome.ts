// Where a recovery stopped, by what the server's log says, and whether that is what was asked for.
import { parseLsn, toLsn } from '../../../../shared/model/lsn'
import type { RecoveryWish } from '../../../../shared/model/recoveryWish'
import { formatWalTime } from '../../../../shared/model/walTime'
import type { PointRun } from './pointRun'

/** Success is never pg_ctl's exit code: `pg_ctl -w start` returns 0 for a hot standby that dies later. */
export interface Outcome {
  /** The line that tells the stop; '' for the end of the WAL. */
  stop: string
  which: 'before' | 'after' | null
  xid: number | null
  lsn: string | null
  name: string | null
  /** The end of the last record that was replayed, where the log says it. */
  redoDone: string | null
  /** The last `restored log file`. */
  lastFile: string | null
  state: 'replaying' | 'paused' | 'promoted' | 'shutdown'
  newTimeline: number | null
}

/** Lines since the start, of any log_line_prefix. Source: recoveryStopsBefore, recoveryStopsAfter, recoveryPausesHere, StartupXLOG. */
export function readOutcome(lines: readonly string[]): Outcome {
  const text = lines.join('\n')
  const line = /recovery stopping (?:before|after|at restore point).*/.exec(text)?.[0] ?? ''
  const transaction = /recovery stopping (before|after) (?:commit|abort) of transaction (\d+)/.exec(line)
  const position = /recovery stopping (before|after) WAL location \(LSN\) "([0-9A-F/]+)"/.exec(line)
  const which = transaction?.[1] ?? position?.[1]
  // pg_is_in_recovery() stays true from "archive recovery complete" until the postmaster says that it takes connections.
  const complete = /archive recovery complete[^]*database system is ready to accept connections/.test(text)
  return {
    stop: line,
    which: which === 'before' || which === 'after' ? which : null,
    xid: transaction?.[2] === undefined ? null : Number(transaction[2]),
    lsn: position?.[2] ?? null,
    name: /recovery stopping at restore point "(.*)", time /.exec(line)?.[1] ?? null,
    redoDone: /redo done at ([0-9A-F]+\/[0-9A-F]+)/.exec(text)?.[1] ?? null,
    lastFile: [...text.matchAll(/restored log file "([0-9A-F]{24})" from archive/g)].at(-1)?.[1] ?? null,
    state: complete
      ? 'promoted'
      : /shutdown at recovery target/.test(text)
        ? 'shutdown'
        : line !== '' && /pausing at the end of recovery|recovery has paused/.test(text)
          ? 'paused'
          : 'replaying',
    newTimeline: complete ? Number(/selected new timeline ID: (\d+)/.exec(text)?.[1] ?? 0) || null : null,
  }
}

const telling =
  /LOG:\s+((?:recovery stopping |pausing at the end of recovery|recovery has paused|shutdown at recovery target|redo done at |last completed transaction was |selected new timeline ID: |archive recovery complete).*)$/

/** The server's own words about the stop, without time and process. */
export function stopLines(lines: readonly string[]): string[] {
  return lines.flatMap((line) => telling.exec(line)?.[1] ?? [])
}

/** Why the stop is not the one that was asked for, in a sentence; '' when it is. */
export function outcomeProblem(outcome: Outcome, run: Pick<PointRun, 'wish' | 'look' | 'lastEnd' | 'reaches'>): string {
  const { wish } = run
  if (wish.kind === 'end') return endProblem(outcome, run)
  if (outcome.stop === '') return 'The log does not say where the recovery stopped.'
  const { look } = run
  if (wish.kind === 'xid' && outcome.xid !== wish.value) return other(outcome, `transaction ${wish.value}`)
  if (wish.kind === 'name' && outcome.name !== wish.value) return other(outcome, `the restore point ${wish.value}`)
  if (wish.kind === 'immediate' && !/after reaching consistency/.test(outcome.stop))
    return other(outcome, 'the end of the backup')
  if (wish.kind === 'lsn') {
    const at = parseLsn(outcome.lsn ?? '')
    if (at === undefined || at < toLsn(wish.value)) return other(outcome, `the position ${wish.value}`)
    if (look.record && at !== toLsn(look.record)) return other(outcome, `the record at ${look.record}`)
  }
  if (wish.kind === 'time') {
    if (outcome.xid === null) return other(outcome, `the time ${formatWalTime(wish.value)}`)
    if (look.after && outcome.xid !== look.after.xid) return other(outcome, `transaction ${look.after.xid}`)
  }
  const wanted = wantedSide(wish)
  if (wanted !== null && outcome.which !== wanted) return other(outcome, `a stop ${wanted} it`)
  return ''
}

/** A time is always stopped before a record; the others after it, or before it when they are not inclusive. */
function wantedSide({ kind, inclusive }: RecoveryWish): 'before' | 'after' | null {
  if (kind === 'time') return 'before'
  if (kind === 'xid' || kind === 'lsn') return inclusive ? 'after' : 'before'
  return null
}

function other({ stop }: Outcome, asked: string): string {
  return `The server says "${stop}", and asked for was ${asked}.`
}

/** Rule 12: with a gap or damage the server promotes without a word of what is lost. */
function endProblem({ redoDone, stop }: Outcome, { lastEnd, reaches }: Pick<PointRun, 'lastEnd' | 'reaches'>): string {
  if (stop !== '') return `The server says "${stop}", and asked for was the end of the WAL.`
  const done = parseLsn(redoDone ?? '')
  if (done === undefined) return 'The log does not say where the redo ended.'
  if (lastEnd && done < toLsn(lastEnd.lsn)) {
    return `The redo ended at ${redoDone}, and the last transaction in the archive ended at ${lastEnd.lsn}: WAL up to ${reaches} was not replayed.`
  }
  return ''
}
