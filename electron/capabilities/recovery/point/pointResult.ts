// What a finished recovery to a moment leaves to be read on its job's page.
import type { JobFact, JobResult } from '../../../../shared/jobs/job'
import { countedSegments } from '../../../../shared/model/recoveryPlan'
import { targetSetting, wishWords } from '../../../../shared/model/recoveryTarget'
import { formatWalTime } from '../../../../shared/model/walTime'
import type { RecoveryPlan } from '../planRecovery'
import type { Pristine } from '../pristine'
import { chainFacts } from '../recoveryResult'
import { laterCommands, serviceFacts } from '../startRecovered'
import type { PointRun } from './pointRun'
import type { Reached } from './recoverToPoint'
import { scriptLog } from './restoreScript'
import { salvageFacts } from './salvageEvidence'

export function describePoint(
  plan: RecoveryPlan,
  point: PointRun,
  reached: Reached & { startedAt: Date; pristine: Pristine },
): JobResult {
  const { backup, target, data, spaces, kept } = plan
  const { port, outcome, evidence, connected, control, startedAt, pristine } = reached
  const later = laterCommands(plan)
  const fact = (label: string, value: string, mono = false): JobFact => ({ label, value, mono })
  const where = target ? `in place of ${target.name}` : `as a new cluster on port ${port}`
  const state = {
    paused: 'It waits there, read-only: connect and look, then promote it or stop it',
    promoted: `It was promoted to timeline ${outcome.newTimeline ?? '?'}`,
    shutdown: 'It shut down there',
    replaying: '',
  }[outcome.state]
  const setting = targetSetting(point.wish)
  const before = point.look.before ?? null
  return {
    headline: `${backup.server} was recovered to ${wishWords(point.wish)}, ${where}. ${state}.`,
    facts: [
      fact('Asked for', setting ? `${setting.name} = '${setting.value}'` : 'the end of the WAL', true),
      fact('Stopped', outcome.stop === '' ? `redo done at ${outcome.redoDone ?? '?'}` : outcome.stop, true),
      fact('As asked', 'yes: compared with the plan'),
      ...salvageFacts(point, reached.salvaged),
      ...(before ? [fact('Last commit kept', `transaction ${before.xid}, ${formatWalTime(before.time)}`)] : []),
      fact('State', outcome.state),
      fact('Timeline', String(outcome.newTimeline ?? point.wish.timeline), true),
      fact('Replayed', `${countedSegments(point.plan.segments)}, up to ${lastFileWords(outcome.lastFile)}`),
      fact('Data directory', data.final, true),
      fact('Port', String(port), true),
      ...(connected.label === '' ? [] : [fact('Connection', connected.label)]),
      ...(evidence.consistentAt === null ? [] : [fact('Consistent at', evidence.consistentAt, true)]),
      fact('System identifier', control.systemIdentifier, true),
      ...(kept === null ? [] : [fact('Kept from before', kept, true)]),
      ...spaces.map(({ name, final }) =>
        fact(`Tablespace ${backup.tablespaces.find(({ oid }) => oid === name)?.name || name}`, final, true),
      ),
      ...Object.entries(pristine).map(([name, folder]) =>
        fact(name === 'data' ? 'Base files kept' : `Base files kept, tablespace ${name}`, `${folder}, by reflink`, true),
      ),
      fact('Archiving', 'off: this copy writes into no archive'),
      fact('WAL archive', `${point.archive.folder}, only read`, true),
      fact('What was fetched', `${data.final}/${scriptLog}`, true),
      ...(outcome.state === 'paused' ? [fact('Promote it', 'SELECT pg_promote()', true)] : []),
      fact('Start it later', later.start, true),
      fact('Stop it', later.stop, true),
      ...serviceFacts(plan),
      ...chainFacts(plan),
      fact('Backup', `${backup.path}, only read`, true),
      fact('Time', `${((Date.now() - startedAt.getTime()) / 1000).toFixed(1)} s`),
    ],
    backupPath: backup.path,
    database: null,
  }
}

/** The log has the name in full; here its end tells it from its neighbours. */
function lastFileWords(name: string | null): string {
  return name === null ? 'the backup’s own' : `…${name.slice(-10)}`
}
