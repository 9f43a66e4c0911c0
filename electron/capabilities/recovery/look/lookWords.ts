// What is said of a recovered cluster: whether it stands as asked, how its server ended, what can't be done from here. Pure.
import type { LookEvidence, LookStanding } from '../../../../shared/contracts/look'
import type { RecoveryWish } from '../../../../shared/model/recoveryWish'
import { failureLines, saysShutDown } from '../../../postgres/localClusterLog'
import { explainRecoveryFailure } from '../point/explainRecoveryFailure'
import type { LookRecord } from './lookRecord'

/** `lsn`: what was replayed last, as the server says now; null for one that can't be asked, or has left recovery. */
export function asAsked(evidence: LookEvidence | null, lsn: string | null): LookStanding['asAsked'] {
  if (evidence === null) {
    return { yes: null, says: 'It was recovered by an earlier version, which kept no evidence: its job’s page has the log.' }
  }
  const judged = 'The server’s log and the position it stopped at were compared with what was asked for.'
  if (evidence.lsn === null)
    return { yes: true, says: 'The server’s log was compared with what was asked for; nobody could log in.' }
  if (lsn === null || lsn === evidence.lsn) return { yes: true, says: judged }
  return { yes: false, says: `It stands at ${lsn} now, and had stopped at ${evidence.lsn}: somebody let the replay go on.` }
}

/** The last FATAL and PANIC lines since its last start; empty when it ended quietly. */
export function lastWords(lines: readonly string[]): string[] {
  const start = lines.findLastIndex((line) => /LOG:\s+starting PostgreSQL /.test(line))
  const since = lines.slice(Math.max(0, start))
  // Clients that are sent away get a FATAL each, and that is no failure.
  const own = since.filter(
    (line) => !/FATAL:\s+(?:terminating |the database system is |password |role |database |no pg_hba)/.test(line),
  )
  if (!own.some((line) => /\b(?:FATAL|PANIC):/.test(line))) return []
  return saysShutDown(since) && !own.some((line) => /\bPANIC:/.test(line)) ? [] : failureLines(own)
}

export interface StoppedFacts {
  /** Of the control file. */
  state: string
  wish: RecoveryWish
  /** Of its log, see lastWords. */
  words: readonly string[]
}

export function stoppedWords({ state, wish, words }: StoppedFacts): string {
  if (words.length > 0) {
    const explained = explainRecoveryFailure(words)
    const said = `Its server ended by itself. It said: ${words.join(' ')}`
    return explained ? `${said} ${explained.says} ${explained.advice}` : said
  }
  const again = 'Started again, it replays to the same moment and waits there.'
  switch (state) {
    case 'shut down in recovery':
      return wish.action === 'shutdown'
        ? 'It shut down at its moment, as asked. Started from here, it waits there instead.'
        : `Its server was shut down. Nothing is lost. ${again}`
    case 'in archive recovery':
      return `Its server ended without being shut down: it was killed, or the machine went down. Nothing is lost. ${again}`
    case 'shut down':
      return 'It was promoted, and its server is shut down. Started again, it goes on as a cluster of its own.'
    default:
      return `It was promoted, and its server ended without being shut down ("${state}"). Its next start goes through crash recovery; nothing that was committed is lost.`
  }
}

/** Only what has a folder of its own is moved and removed from here; a practice or Debian cluster on its own page. */
export function bound({ destination, dataDirectory }: Pick<LookRecord, 'destination' | 'dataDirectory'>): string {
  return destination.kind === 'new' ? '' : `${dataDirectory} is the place of a cluster of this machine.`
}
