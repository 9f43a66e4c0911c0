// The lab "Restore drill": a backup is restored to a scratch cluster, checked, and thrown away; the report is kept.
import { Button } from '../../components/Button'
import { api } from '../../rpc/api'
import { useLabMemory } from '../../stores/labMemory'
import { placeLink } from '../../stores/navigation'
import { useAsk } from '../../wizard/useAsk'
import { saveDrillReport } from '../Backups/DrillDialog'
import { type DrillStepId, drilledBackup } from './drillSteps'
import { Go, PhysicalLabCard } from './PhysicalLabCard'
import type { PhysicalLabs } from './usePhysicalLabs'

const words: Record<DrillStepId, { title: string; text: string }> = {
  backup: { title: 'Have a base backup of main', text: 'Any will do: of another lab, too.' },
  drill: {
    title: 'Drill it',
    text: 'In its details press "Drill…": restored to scratch, every page and row read, every database dumped to nowhere.',
  },
  report: {
    title: 'Save the report',
    text: 'What was proved, what was not, and how long it took: for whoever asks whether the backups work.',
  },
}

export function DrillLab({ labs }: { labs: PhysicalLabs }) {
  const backup = drilledBackup(labs.facts)
  const drills = useAsk(backup?.drill && { at: backup.drill.at }, (_input, options) => api.drill.list({}, options))
  const jobId = drills.data?.drills.find(({ at, backup: path }) => path === backup?.path && at === backup.drill?.at)?.jobId
  const save = async () => {
    if (jobId === undefined || backup?.drill === undefined) return
    await saveDrillReport(jobId)
    useLabMemory.getState().report(backup.drill.at)
  }
  const action = (id: DrillStepId) => {
    if (id === 'backup')
      return (
        <Go {...{ labs }} to={placeLink('/backup/base')}>
          Open the base backup wizard
        </Go>
      )
    if (id === 'drill')
      return (
        <Go {...{ labs }} to={placeLink('/backups', { path: backup?.path })}>
          Show the backup
        </Go>
      )
    return (
      <Button kind="primary" disabled={jobId === undefined} onClick={() => void save()}>
        Save the report
      </Button>
    )
  }
  return (
    <PhysicalLabCard
      {...{ labs, words, action }}
      title="Restore drill"
      note="about 3 min"
      steps={labs.drill}
      exercises={[]}
      why="A backup that was never restored is a hope. A drill says the day and the minutes it took."
    />
  )
}
