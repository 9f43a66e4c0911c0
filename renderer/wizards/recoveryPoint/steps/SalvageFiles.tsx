// In the review: the files that are salvaged from the dead cluster, with their positions, and what is gained by them.

import type { SalvageOffer } from '../../../../shared/contracts/recoveryPoint'
import { formatBytes } from '../../../../shared/model/byteCount'
import { Card } from '../../../components/Card'
import { plural } from '../../../format/numbers'
import { said } from '../../../format/said'

const kindWords = { complete: 'whole, never archived', last: 'was being written', history: 'timeline history' } as const

export function SalvageFiles({ offer }: { offer: SalvageOffer }) {
  const { name, walFolder, files, left, says } = offer
  return (
    <Card title="Salvaged WAL" note={`${plural(files.length, 'file')} of ${name}`}>
      <div className="card-body col g8">
        <p className="t2">{said(says)}</p>
        <p className="t3 sm">
          Copied from <span className="mono wrap">{walFolder}</span> into the recovered cluster. The archive is asked first, and
          gets nothing.
        </p>
      </div>
      <div className="wz-scroll">
        <table className="tb" aria-label="Files that are salvaged">
          <thead>
            <tr>
              <th>File</th>
              <th>What it is</th>
              <th className="num">From</th>
              <th className="num">To</th>
              <th className="num">Size</th>
            </tr>
          </thead>
          <tbody>
            {files.map(({ file, kind, from, to, size, before }) => (
              <tr key={file}>
                <td className="mono">{file}</td>
                <td className="wrap">{before ? 'in place of the archive’s own, which is damaged' : kindWords[kind]}</td>
                <td className="num mono">{from ?? ''}</td>
                <td className="num mono">{to ?? ''}</td>
                <td className="num">{formatBytes(size)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {left.length > 0 && (
        <details className="card-body">
          <summary className="t2">{plural(left.length, 'file')} of pg_wal left out</summary>
          <ul className="col g4 t2 sm">
            {left.map(({ file, why }) => (
              <li key={file}>
                <span className="mono">{file}</span> {why}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  )
}
