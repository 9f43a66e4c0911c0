// What checks a drilled cluster: the options of pg_amcheck from its table, and the commands as they will run.
import { useEffect, useId, useState } from 'react'
import type { z } from 'zod'
import type { DrillRequest, drill } from '../../../shared/contracts/drill'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { pgAmcheck } from '../../../shared/tools/pgAmcheck'
import { Button } from '../../components/Button'
import { CommandList } from '../../components/CommandBlock'
import { ErrorNote, Note } from '../../components/Feedback'
import { api } from '../../rpc/api'
import { OptionForm } from '../../wizard/OptionForm'
import type { PlainValues } from '../../wizard/optionState'
import { useAsk } from '../../wizard/useAsk'

interface DrillChecksProps {
  request: DrillRequest
  prepared: z.infer<typeof drill.methods.prepare.output>
  changes: PlainValues
  onChange: (changes: PlainValues) => void
  onProblem: (problem: string) => void
}

const defaults = { jobs: 2 }

export function DrillChecks({ request, prepared, changes, onChange, onProblem }: DrillChecksProps) {
  const [open, setOpen] = useState(false)
  const panel = useId()
  const { amcheck, instead } = prepared
  const asked = open || Object.keys(changes).length > 0
  const preview = useAsk(
    asked && request.place !== '' ? { ...request, point: null } : undefined,
    (input, options) => api.drill.preview(input, options),
    { delay: 120, keep: true },
  )
  const problem = preview.data?.problem ?? ''
  useEffect(() => onProblem(problem), [onProblem, problem])
  return (
    <div className="col g12">
      <div className="row">
        <Button
          kind="ghost"
          icon={open ? 'down' : 'right'}
          aria-expanded={open}
          aria-controls={panel}
          onClick={() => setOpen(!open)}
        >
          How it is checked
        </Button>
        <span className="t3 sm">
          {amcheck === null ? 'without pg_amcheck' : `pg_amcheck ${formatPgVersion(amcheck)}, every row, dump to nowhere`}
        </span>
      </div>
      {open && (
        <div id={panel} className="col g16">
          {amcheck === null ? (
            instead !== '' && <Note>{instead}</Note>
          ) : (
            <OptionForm
              tool={pgAmcheck}
              versions={{ tool: amcheck, server: amcheck }}
              note={`pg_amcheck ${formatPgVersion(amcheck)}`}
              {...{ defaults, changes, onChange }}
            />
          )}
          {preview.error && <ErrorNote error={preview.error} onRetry={preview.again} />}
          {preview.data && <CommandList commands={preview.data.commands} width={70} />}
        </div>
      )}
    </div>
  )
}
