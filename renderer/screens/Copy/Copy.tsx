// Copy: rows of one table or query out to a file, in from a file, or straight to another server; and the newest such jobs.
import { Button } from '../../components/Button'
import { Card, PageHead } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { EmptyState } from '../../components/Feedback'
import { Icon, type IconName } from '../../components/Icon'
import { jobIcon, jobStateLook, outcomeWords } from '../../components/jobWords'
import { formatAgo, formatWhen } from '../../format/time'
import { useSelectedConnection } from '../../stores/connections'
import { useJobs } from '../../stores/jobs'
import { placeLink } from '../../stores/navigation'
import { NeedServer } from '../../wizard/NeedServer'
import './copy.css'

const shownJobs = 8

interface Way {
  path: string
  icon: IconName
  title: string
  flag: string
  text: string
  more: string
  action: string
}

const ways: readonly Way[] = [
  {
    path: '/copy/export',
    icon: 'lob',
    title: 'Export to a file',
    flag: 'COPY … TO',
    text: 'A table, some of its columns, or the rows of a query, as text, CSV or binary.',
    more: 'The file has its final name only once all rows are in it. The server is only read.',
    action: 'Export',
  },
  {
    path: '/copy/import',
    icon: 'table',
    title: 'Import from a file',
    flag: 'COPY … FROM',
    text: 'Into a table that is there, or into a new one made from the file.',
    more: 'All rows or none, unless you choose to skip bad ones. What is wrong is told by line, column and value.',
    action: 'Import',
  },
  {
    path: '/copy/table',
    icon: 'copy',
    title: 'Table to another server',
    flag: 'COPY to COPY',
    text: 'The rows of one table straight into a table of another database, without a file between.',
    more: 'All rows or none arrive. The source is only read.',
    action: 'Copy a table',
  },
]

export default function Copy() {
  const connection = useSelectedConnection()
  const loaded = useJobs((state) => state.loaded)
  const all = useJobs((state) => state.jobs)
  const jobs = all.filter(({ capability }) => capability === 'copy')
  return (
    <div className="page">
      <PageHead title="Copy">
        <span className="t3">{connection?.label}</span>
      </PageHead>
      {connection === undefined ? (
        <Card>
          <NeedServer what="copy rows out or in" />
        </Card>
      ) : (
        <div className="copy-ways">
          {ways.map((way) => (
            <section className="card copy-way" key={way.path} aria-label={way.title}>
              <div className="row g12">
                <span className="copy-icon">
                  <Icon name={way.icon} size={20} />
                </span>
                <div className="col">
                  <h2 className="copy-title">{way.title}</h2>
                  <span className="mono t3">{way.flag}</span>
                </div>
              </div>
              <p className="t2">{way.text}</p>
              <p className="t3 sm">{way.more}</p>
              <div className="copy-go">
                <Button kind={way === ways[0] ? 'primary' : 'plain'} href={placeLink(way.path)} endIcon="right">
                  {way.action}
                </Button>
              </div>
            </section>
          ))}
        </div>
      )}
      <Card
        title="Recent copies"
        note={jobs.length > 0 ? `${jobs.length}` : undefined}
        actions={
          <Button kind="ghost" size="s" href={placeLink('/jobs')} endIcon="right">
            All jobs
          </Button>
        }
      >
        {loaded && jobs.length === 0 && (
          <EmptyState icon="copy" title="No rows were copied yet">
            Each copy is a job: it keeps its statement, how many rows and bytes it moved, and what it had to refuse.
          </EmptyState>
        )}
        {jobs.length > 0 && (
          <table className="tb">
            <thead>
              <tr>
                <th>State</th>
                <th>Copy</th>
                <th>Server</th>
                <th>Started</th>
                <th>Result</th>
              </tr>
            </thead>
            <tbody>
              {jobs.slice(0, shownJobs).map((job) => {
                const look = jobStateLook[job.state]
                const started = job.startedAt ?? job.createdAt
                return (
                  <tr key={job.id}>
                    <td className="nw">
                      <Chip tone={look.tone} icon={look.icon}>
                        {outcomeWords(job)}
                      </Chip>
                    </td>
                    <td className="wrap">
                      <span className="row">
                        <Icon name={jobIcon(job)} className="t3" />
                        <a href={placeLink(`/jobs/${encodeURIComponent(job.id)}`)}>{job.title}</a>
                      </span>
                    </td>
                    <td className="t2 wrap">{job.serverLabel}</td>
                    <td className="nw" title={formatWhen(started)}>
                      {formatAgo(started)}
                    </td>
                    <td className="t2 wrap">{job.result?.headline ?? job.error?.message ?? ''}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        )}
      </Card>
    </div>
  )
}
