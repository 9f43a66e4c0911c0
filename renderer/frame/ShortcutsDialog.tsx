// The keyboard shortcuts, and which version of Walkback this is.
import { Dialog } from '../components/Dialog'
import { useSettings } from '../stores/settings'
import { shortcutHelp } from './shortcuts'

export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const host = useSettings((state) => state.host)
  return (
    <Dialog
      open
      title="Keyboard shortcuts"
      width={480}
      onClose={onClose}
      footNote={host && `Walkback ${host.version}, running as ${host.account} on ${host.hostname}, times in ${host.timeZone}`}
    >
      <table>
        <tbody>
          {shortcutHelp.map((row) => (
            <tr key={row.does}>
              <td style={{ padding: '4px 16px 4px 0', width: 120 }}>
                <span className="row g4">
                  {row.keys.map((key) => (
                    <kbd className="kbd" key={key}>
                      {key}
                    </kbd>
                  ))}
                </span>
              </td>
              <td>{row.does}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  )
}
