// What in an archive can't be used, file by file, with the reason.
import type { ArchiveMap } from '../../../shared/contracts/walArchive'
import { Card } from '../../components/Card'
import { Severity } from '../../components/Chip'
import { FileName } from '../../components/FileName'
import { plural } from '../../format/numbers'

const harmless: ReadonlySet<string> = new Set(['unknown', 'duplicate', 'content'])

export function OddFiles({ map }: { map: ArchiveMap }) {
  const rows = [
    ...map.damaged.map(({ file, lsn, words, from }) => ({
      file: from === null ? file : `${from} or ${file}`,
      level: 'blocker' as const,
      word: 'Damaged',
      says: `at ${lsn}: ${words}`,
    })),
    ...map.unreadable.map(({ file, why }) => ({ file, level: 'warning' as const, word: 'Not read', says: why })),
    ...map.odd.map(({ file, fault, says }) => ({
      file,
      says,
      level: harmless.has(fault) ? ('info' as const) : ('warning' as const),
      word: harmless.has(fault) ? 'Left aside' : 'Not used',
    })),
  ]
  if (rows.length === 0) return null
  const more = map.oddCount - map.odd.length
  return (
    <Card title="Files that are not as they should be" note={plural(rows.length + more, 'file')}>
      <div className="wal-odd" role="region" aria-label="Files that are not as they should be" tabIndex={0}>
        <table className="tb">
          <thead>
            <tr>
              <th>File</th>
              <th>State</th>
              <th>Why</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ file, level, word, says }) => (
              <tr key={`${file} ${says}`}>
                <td className="mono wrap">
                  <FileName name={file} />
                </td>
                <td>
                  <Severity level={level}>{word}</Severity>
                </td>
                <td className="wrap">{says}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more > 0 && <p className="t3 sm card-body">and {plural(more, 'more', 'more')}</p>}
    </Card>
  )
}
