// While rows are counted: on each side which table of how many, and how large it is.
import { formatBytes } from '../../../shared/model/byteCount'
import { ProgressBar } from '../../components/Progress'
import { formatCount } from '../../format/numbers'
import type { Counting } from './useCounts'

export function CountingRows({ counting, liveLabel }: { counting: Counting; liveLabel: string }) {
  const sides = [
    { where: 'here', at: counting.recovered },
    { where: `in ${liveLabel}`, at: counting.live },
  ]
  return (
    <div className="card-body look-counting">
      {sides.map(({ where, at }) => (
        <div key={where} className="col g4">
          <span className="row sm">
            <span className="t2 nw">
              {at ? `Table ${formatCount(at.done + 1)} of ${formatCount(at.of)} ${where}` : `Nothing is counted ${where} yet`}
            </span>
            {at && <span className="mono el">{at.bytes === null ? at.table : `${at.table}, ${formatBytes(at.bytes)}`}</span>}
          </span>
          <ProgressBar percent={at ? Math.round((at.done / at.of) * 100) : 0} label={`Tables counted ${where}`} />
        </div>
      ))}
    </div>
  )
}
