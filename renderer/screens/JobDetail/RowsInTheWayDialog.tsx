// The rows that stand in the way of a constraint: the first of them, how many there are, and the query that finds them.
import type { FailedConstraint, RowsInTheWay } from '../../../shared/contracts/restoreOutcome'
import { Button } from '../../components/Button'
import { CommandText } from '../../components/CommandBlock'
import { CopyButton } from '../../components/CopyButton'
import { Dialog } from '../../components/Dialog'
import { ErrorNote, Loading, Note } from '../../components/Feedback'
import { RowsTable } from '../../components/RowsTable'
import { formatCount } from '../../format/numbers'
import { api } from '../../rpc/api'
import { useAsk } from '../../wizard/useAsk'

export interface RowsInTheWayDialogProps {
  jobId: string
  issue: number
  constraint: FailedConstraint
  onClose: () => void
}

/** "12, the first 10 are shown" */
export function countWords({ rows, total, more }: Pick<RowsInTheWay, 'rows' | 'total' | 'more'>): string {
  const shown = `the first ${formatCount(rows.length)} are shown`
  if (total === null) return `not counted, since it took too long; ${shown}`
  if (more) return `more than ${formatCount(total)}; ${shown}`
  if (total > rows.length) return `${formatCount(total)}; ${shown}`
  return formatCount(total)
}

export function RowsInTheWayDialog({ jobId, issue, constraint, onClose }: RowsInTheWayDialogProps) {
  const { data, error, busy, again } = useAsk({ jobId, issue }, api.restoreOutcome.rows)
  const { name, table } = constraint
  return (
    <Dialog
      open
      title={
        <>
          Rows in the way of <span className="issue-title mono">{name}</span>
        </>
      }
      width={880}
      onClose={onClose}
      footNote={
        data === undefined || data.total === 0 || error !== null
          ? undefined
          : 'They were only read. Put them right with your own tools, then run the failed entries again.'
      }
      actions={
        <>
          <Button icon="refresh" busy={busy} onClick={again}>
            Look again
          </Button>
          <Button kind="primary" autoFocus onClick={onClose}>
            Close
          </Button>
        </>
      }
    >
      {error !== null && <ErrorNote error={error} />}
      {data === undefined && error === null && <Loading>Looking for the rows, for 15 s at most…</Loading>}
      {data !== undefined && error === null && <Found rows={data} table={table} />}
    </Dialog>
  )
}

function Found({ rows, table }: { rows: RowsInTheWay; table: string }) {
  return (
    <div className="col g12">
      {rows.total === 0 ? (
        <Note tone="pass">
          There are none any more: no rows of <span className="mono">{table}</span> {rows.why}. Run the failed entries again.
        </Note>
      ) : (
        <>
          <div className="wrap" role="status">
            Rows of <span className="mono">{table}</span> that {rows.why}: <b className="tnum">{countWords(rows)}</b>.
          </div>
          <div className="way-rows">
            <RowsTable label="Rows in the way" columns={rows.columns} rows={rows.rows} empty="" />
          </div>
        </>
      )}
      <section aria-label="Query">
        <div className="row way-head">
          <h3 className="lab">The query that {rows.total === 0 ? 'looks for' : 'found'} them</h3>
          <span className="sp" />
          <CopyButton text={rows.sql} />
        </div>
        <div className="way-sql" tabIndex={0} role="group" aria-label="Text of the query">
          <CommandText command={{ title: '', program: '', version: null, words: [rows.sql], kind: 'sql' }} />
        </div>
      </section>
    </div>
  )
}
