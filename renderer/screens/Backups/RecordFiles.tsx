// The files of a backup with size and SHA-256; long lists are shown in part until asked for.
import { useState } from 'react'
import type { BackupRecord } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { Button } from '../../components/Button'
import { CopyButton } from '../../components/CopyButton'
import { formatCount } from '../../format/numbers'

const first = 8
/** More rows would make the window slow; the copied list holds all of them. */
const most = 2000

export function RecordFiles({ record }: { record: BackupRecord }) {
  const [all, setAll] = useState(false)
  const shown = record.files.slice(0, all ? most : first)
  const sums = record.files.map(({ path, sha256 }) => `${sha256}  ${path}`).join('\n')
  return (
    <section aria-label="Files">
      <div className="row">
        <h3 className="lab sp">Files, {formatCount(record.files.length)}</h3>
        <CopyButton text={sums}>Copy as SHA256SUMS</CopyButton>
      </div>
      <div className="files">
        <table className="tb dense">
          <thead>
            <tr>
              <th>Path in the folder</th>
              <th className="num">Size</th>
              <th>SHA-256</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ path, size, sha256 }) => (
              <tr key={path}>
                <td className="mono wrap">{path}</td>
                <td className="num nw">{formatBytes(size)}</td>
                <td className="mono t2" title={sha256}>
                  {sha256.slice(0, 16)}…
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!all && record.files.length > first && (
        <Button kind="ghost" size="xs" onClick={() => setAll(true)}>
          Show {record.files.length > most ? `the first ${formatCount(most)}` : 'all'} files
        </Button>
      )}
    </section>
  )
}
