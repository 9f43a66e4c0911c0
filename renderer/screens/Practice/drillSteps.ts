// The lab "Restore drill": a backup proves itself by being restored. Pure.
import { baseBackupsOf, type PhysicalFacts, stepsInOrder } from './physicalFacts'

export const drillStepIds = ['backup', 'drill', 'report'] as const
export type DrillStepId = (typeof drillStepIds)[number]

/** The newest base backup of main, and its last drill. */
export function drilledBackup(facts: PhysicalFacts) {
  const backups = baseBackupsOf(facts).map((backup) => ({
    ...backup,
    drill: backup.record.verifications.filter(({ level }) => level === 'drill').at(-1),
  }))
  return backups.find(({ drill }) => drill !== undefined) ?? backups[0]
}

/** `reported`: the time of the drill whose report was saved; '' for none. */
export function drillSteps(facts: PhysicalFacts, reported: string) {
  const backup = drilledBackup(facts)
  const drill = backup?.drill
  return stepsInOrder<DrillStepId>(
    drillStepIds,
    {
      backup: backup?.path ?? '',
      drill: drill?.detail ?? '',
      report: drill && reported === drill.at ? 'the report of this drill was saved' : '',
    },
    drill && !drill.ok ? ['drill'] : [],
  )
}
