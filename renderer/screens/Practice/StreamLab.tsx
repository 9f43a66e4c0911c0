// The lab "Streaming archive": pg_receivewal with a slot, a backup without WAL, and a recovery with the .partial segment.
import { placeLink } from '../../stores/navigation'
import { CheckNow, Do, Go, PhysicalLabCard } from './PhysicalLabCard'
import { type StreamStepId, streamOf } from './streamSteps'
import type { PhysicalLabs } from './usePhysicalLabs'

const words: Record<StreamStepId, { title: string; text: string }> = {
  stream: {
    title: 'Stream main’s WAL into an archive',
    text: 'pg_receivewal receives it as it is written; a slot keeps what has not arrived.',
  },
  backup: { title: 'Take a base backup without WAL', text: 'In the options: leave the WAL to the archive.' },
  database: {
    title: 'Make a new database with a table',
    text: 'lab_later with three rows. Only the segment that is still being written holds them.',
  },
  recover: {
    title: 'Recover a second cluster to the end of the WAL',
    text: 'The archive’s last file ends in .partial, and is used as far as it goes.',
  },
  see: { title: 'See the new database there', text: 'It came after the backup, through the archive alone.' },
  end: { title: 'Stop streaming, and drop the slot', text: 'A slot that nobody uses keeps WAL until main’s disk is full.' },
}

export function StreamLab({ labs }: { labs: PhysicalLabs }) {
  const archive = streamOf(labs.facts)
  const action = (id: StreamStepId) => {
    if (id === 'stream')
      return (
        <Go {...{ labs }} to={placeLink('/wal/stream')}>
          Open the streaming wizard
        </Go>
      )
    if (id === 'backup')
      return (
        <Go {...{ labs }} to={placeLink('/backup/base')}>
          Open the base backup wizard
        </Go>
      )
    if (id === 'database')
      return (
        <Do {...{ labs }} exercise="database">
          Create lab_later
        </Do>
      )
    if (id === 'recover')
      return (
        <Go {...{ labs }} to={placeLink('/restore/point', { archive: archive?.id })}>
          Open the restore wizard
        </Go>
      )
    if (id === 'end') {
      return (
        <>
          <Go {...{ labs }} to={placeLink('/wal')}>
            Open WAL archive
          </Go>
          <CheckNow labs={labs} />
        </>
      )
    }
    return <CheckNow labs={labs} />
  }
  return (
    <PhysicalLabCard
      {...{ labs, words, action }}
      title="Streaming archive"
      note="about 10 min"
      steps={labs.stream}
      exercises={['database']}
      why="A file archive gets a segment when it is full; a stream has every commit moments after it was made."
    />
  )
}
