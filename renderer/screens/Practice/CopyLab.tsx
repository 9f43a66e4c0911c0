// The lab "COPY out and in": a table to a file and back, with NULL and the empty string kept apart all the way.
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { CellValue } from '../../components/CellValue'
import { ErrorNote } from '../../components/Feedback'
import { Icon } from '../../components/Icon'
import { api } from '../../rpc/api'
import { selectConnection } from '../../stores/connections'
import { navigate, placeLink } from '../../stores/navigation'
import { type CopyLabStepId, courseDatabase, courseTable, exportOf, type Rows } from './copyLabSteps'
import { LabStepList } from './LabStepList'
import { MakeMain } from './MakeMain'
import type { CopyLabState } from './useCopyLab'

const words: Record<CopyLabStepId, { title: string; text: string }> = {
  make: {
    title: 'Have the table t on main',
    text: 'Three rows in the database course: Hello!, the empty string, and NULL.',
  },
  out: { title: 'Copy t out to a file', text: 'As CSV or text: the wizard suggests a name, and shows the first rows.' },
  look: { title: 'Look at the file', text: 'NULL and the empty string are both "nothing" to the eye. Not to the file.' },
  in: {
    title: 'Copy the file back in',
    text: 'Into a new table made from the file, or into t: COPY adds rows, it replaces none.',
  },
  see: { title: 'See the same values again', text: 'Each row is there, with its empty string or its NULL as before.' },
}

export function CopyLab({ lab }: { lab: CopyLabState }) {
  const { steps, memory, facts, running, busy, error } = lab
  const go = (link: string) => {
    if (running !== undefined) selectConnection(running)
    navigate(link)
  }
  const action = (id: CopyLabStepId) => {
    if (id === 'make') {
      return lab.sourceMissing ? (
        <Button busy={lab.job.busy} onClick={() => void lab.job.run(() => api.practice.fill({ name: 'main' }))}>
          Fill main with the sample data
        </Button>
      ) : (
        <MakeMain lab={lab} />
      )
    }
    if (id === 'out') {
      const { schema, name } = courseTable
      return (
        <Button kind="primary" onClick={() => go(placeLink('/copy/export', { database: courseDatabase, schema, table: name }))}>
          Open the export wizard
        </Button>
      )
    }
    if (id === 'look') {
      return (
        <Button kind="primary" busy={busy} onClick={() => void lab.look()}>
          Look at the file
        </Button>
      )
    }
    if (id === 'in') {
      const link = placeLink('/copy/import', { path: exportOf(facts)?.file, database: courseDatabase })
      return (
        <Button kind="primary" onClick={() => go(link)}>
          Open the import wizard
        </Button>
      )
    }
    return (
      <Button busy={lab.checking} onClick={lab.again}>
        Check now
      </Button>
    )
  }
  return (
    <Card
      className="labcard"
      title="COPY out and in"
      note="about 3 min"
      actions={
        memory !== null && (
          <Button size="xs" onClick={lab.startOver}>
            Start over
          </Button>
        )
      }
    >
      <LabStepList
        steps={steps}
        words={words}
        action={action}
        renderBelow={(step) => (
          <>
            {step.id === 'make' && facts.source && step.state === 'done' && steps[1]?.state !== 'done' && (
              <div className="exp">
                <Values head="course, table t" rows={facts.source} />
              </div>
            )}
            {step.id === 'look' && memory && (
              <div className="exp">
                <div>
                  <div className="sm t3">the file, as it is</div>
                  <pre className="code">{memory.text.replaceAll('\t', '⇥\t').slice(0, 500)}</pre>
                </div>
                <Values head="and as it is read" rows={memory.rows} />
              </div>
            )}
            {step.id === 'see' && facts.target && memory && (
              <div className="exp">
                <Values head="in the file" rows={memory.rows} />
                <Values head="in the table" rows={facts.target} />
              </div>
            )}
          </>
        )}
      />
      {error && (
        <div className="card-body">
          <ErrorNote error={error} />
        </div>
      )}
      <div className="lab-why">
        <Icon name="info" className="acc" />
        <span>
          In CSV an empty value is NULL and <span className="mono">""</span> the empty string; in text format NULL is{' '}
          <span className="mono">\N</span> and the empty string nothing at all.
        </span>
      </div>
    </Card>
  )
}

function Values({ head, rows }: { head: string; rows: Rows }) {
  return (
    <div>
      <div className="sm t3">{head}</div>
      <table className="lab-values" aria-label={head}>
        <tbody>
          {rows.slice(0, 8).map((row, index) => (
            <tr key={index}>
              {row.map((value, at) => (
                <td key={at} className="mono">
                  <CellValue value={value} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
