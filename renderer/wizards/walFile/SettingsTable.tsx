// The difference a change of settings makes: each as it is, where that comes from, and as it will be.
import type { SettingChange } from '../../../shared/contracts/walArchiveFile'
import { folderOfArchiveCommand } from '../../../shared/model/archiveCommand'
import { Card } from '../../components/Card'
import { Chip } from '../../components/Chip'
import '../wal/wal.css'

const takesWords = { nothing: 'Unchanged', reload: 'Reload', restart: 'Restart' } as const
const takesTone = { nothing: 'neutral', reload: 'accent', restart: 'warning' } as const
const takesIcon = { nothing: 'minus', reload: 'refresh', restart: 'warn' } as const

/** Walkback's own command is told by its folder; its text stands with the statements. */
function shown(value: string): string {
  const folder = folderOfArchiveCommand(value)
  if (folder !== null) return `Walkback’s command, into ${folder}`
  return value === '' ? 'empty' : value
}

export function SettingsTable({ changes }: { changes: readonly SettingChange[] }) {
  return (
    <Card title="Settings" note="now and then">
      <table className="tb wal-settings">
        <thead>
          <tr>
            <th style={{ width: 144 }}>Setting</th>
            <th style={{ width: '28%' }}>Now</th>
            <th>Then</th>
            <th style={{ width: 132 }}>Takes</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((change) => (
            <tr key={change.name}>
              <td className="mono">{change.name}</td>
              <td className="wrap">
                <span className={change.now === '' ? 't3' : 'mono'}>{shown(change.now)}</span>
                <div className="t3 sm">{change.from}</div>
              </td>
              <td className="wrap">
                {change.takes === 'nothing' ? (
                  <span className="t3">the same</span>
                ) : (
                  <span className={change.next === '' ? 't3' : 'mono'}>{shown(change.next)}</span>
                )}
              </td>
              <td>
                <Chip tone={takesTone[change.takes]} icon={takesIcon[change.takes]}>
                  {takesWords[change.takes]}
                </Chip>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  )
}
