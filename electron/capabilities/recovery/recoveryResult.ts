// What a finished standalone recovery leaves to be read on its job's page.
import type { JobFact, JobResult } from '../../../shared/jobs/job'
import type { ControlData } from '../../postgres/localClusterState'
import type { Connected } from './connectRecovered'
import type { RecoveryPlan } from './planRecovery'
import { type Evidence, laterCommands, serviceFacts } from './startRecovered'

export interface RecoveryOutcome {
  port: number
  evidence: Evidence
  connected: Connected
  control: ControlData
  startedAt: Date
}

/** Of an incremental backup: those that it was combined from. */
export function chainFacts({ chain }: Pick<RecoveryPlan, 'chain'>): JobFact[] {
  if (!chain) return []
  return [{ label: 'Combined from', value: chain.links.map(({ name }) => name).join(', '), mono: true }]
}

export function describeRecovery(plan: RecoveryPlan, outcome: RecoveryOutcome): JobResult {
  const { backup, target, data, spaces, kept } = plan
  const { port, evidence, connected, control, startedAt } = outcome
  const later = laterCommands(plan)
  const fact = (label: string, value: string, mono = false): JobFact => ({ label, value, mono })
  const where = target ? `in place of ${target.name}` : 'as a new cluster'
  const asked = connected.how === '' ? '' : ' and was connected to'
  return {
    headline: `${backup.server} runs ${where} on port ${port}${asked}: ${evidence.detail}.`,
    facts: [
      fact('Data directory', data.final, true),
      fact('Port', String(port), true),
      ...(connected.label === '' ? [] : [fact('Connection', connected.label)]),
      ...(backup.stop ? [fact('End of the backup', backup.stop.lsn, true)] : []),
      ...(evidence.consistentAt === null ? [] : [fact('Consistent at', evidence.consistentAt, true)]),
      fact('Timeline', String(control.timeline), true),
      fact('System identifier', control.systemIdentifier, true),
      ...(kept === null ? [] : [fact('Kept from before', kept, true)]),
      ...spaces.map(({ name, final }) => {
        const named = backup.tablespaces.find(({ oid }) => oid === name)?.name
        return fact(`Tablespace ${named || name}`, final, true)
      }),
      fact('Asked', connected.how === '' ? 'nobody logged in' : connected.how),
      fact('Archiving', 'off: this copy writes into no archive'),
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
