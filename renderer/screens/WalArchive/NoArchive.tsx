// The screen before there is an archive: the two ways of keeping WAL, and what tells them apart.
import { Button } from '../../components/Button'
import { Icon } from '../../components/Icon'
import { findRoute } from '../../routes'
import { placeLink } from '../../stores/navigation'
import { setUpWays } from './setUp'

const ways = {
  file: {
    title: 'File archive',
    text: 'The server copies each finished segment itself, through archive_command.',
    points: [
      'Works without Walkback running, and without a network between server and archive.',
      'You lose at most the segment that is not full yet: 16 MB, or what archive_timeout allows.',
      'If it fails, the server keeps its WAL until it works again.',
    ],
  },
  stream: {
    title: 'Streaming archive',
    text: 'pg_receivewal takes every change as it is written, from anywhere that reaches the server.',
    points: [
      'You lose at most what is on its way: usually less than a second.',
      'A replication slot keeps for it what has not arrived yet.',
      'It has to run: as a job of Walkback, or as a service of its own.',
    ],
  },
} as const

export function NoArchive({ onAddFolder }: { onAddFolder: () => void }) {
  return (
    <>
      <p className="t2 wal-lead">
        A base backup is one moment. With all WAL since, any later moment can be reached, to the single transaction.
      </p>
      <div className="wal-ways">
        {setUpWays.map(({ kind, path, label }) => (
          <section key={kind} className="card wal-way" aria-label={ways[kind].title}>
            <div className="row">
              <span className="empty-icon">
                <Icon name="wal" size={20} />
              </span>
              <h2>{ways[kind].title}</h2>
            </div>
            <p className="t2">{ways[kind].text}</p>
            <ul className="t2">
              {ways[kind].points.map((point) => (
                <li key={point}>{point}</li>
              ))}
            </ul>
            <span className="sp" />
            {findRoute(path) !== undefined && (
              <div>
                <Button kind={kind === 'stream' ? 'primary' : 'plain'} href={placeLink(path)}>
                  {label}
                </Button>
              </div>
            )}
          </section>
        ))}
      </div>
      <div className="row wr">
        <span className="t2">Something else archives already?</span>
        <Button icon="schema" onClick={onAddFolder}>
          Add a folder…
        </Button>
        <span className="t3 sm">It is only read.</span>
      </div>
    </>
  )
}
