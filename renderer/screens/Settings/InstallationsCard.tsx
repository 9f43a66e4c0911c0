// The PostgreSQL programs that were found, and folders to look into as well.
import { useCallback, useEffect, useState } from 'react'
import type { Installation, Settings } from '../../../shared/contracts/host'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { Button, IconButton } from '../../components/Button'
import { Card } from '../../components/Card'
import { ErrorNote, Loading, Note } from '../../components/Feedback'
import { PathField } from '../../components/PathField'
import { Tooltip } from '../../components/Tooltip'
import { type ShownError, shownError } from '../../format/errors'
import { plural } from '../../format/numbers'
import { api } from '../../rpc/api'
import { foundThrough } from './installationFolders'
import type { SaveSettings } from './Settings'

export function InstallationsCard({ settings, save }: { settings: Settings; save: SaveSettings }) {
  const [found, setFound] = useState<readonly Installation[] | null>(null)
  const [error, setError] = useState<ShownError | null>(null)
  const [busy, setBusy] = useState(false)
  const [folder, setFolder] = useState('')

  const look = useCallback(async (refresh: boolean) => {
    setBusy(true)
    try {
      setFound((await api.host.installations({ refresh })).installations)
      setError(null)
    } catch (cause) {
      setError(shownError(cause))
    } finally {
      setBusy(false)
    }
  }, [])
  useEffect(() => {
    void look(false)
  }, [look])

  const change = async (installationFolders: string[]) => {
    if ((await save({ installationFolders })) !== null) return
    setFolder('')
    await look(true)
  }
  const missing = settings.installationFolders.filter(
    (each) => found !== null && !found.some((one) => foundThrough(one.folder, each)),
  )
  const addable = folder.trim() !== '' && !settings.installationFolders.includes(folder.trim())
  const add = () => {
    if (addable) void change([...settings.installationFolders, folder.trim()])
  }
  return (
    <Card
      title="PostgreSQL programs"
      note={found === null ? undefined : `${plural(found.length, 'installation')} found`}
      actions={
        <Button size="xs" icon="refresh" busy={busy} onClick={() => void look(true)}>
          Look again
        </Button>
      }
    >
      {error && (
        <div className="card-body">
          <ErrorNote error={error} />
        </div>
      )}
      {found === null && error === null && <Loading>Looking for pg_dump and its kin…</Loading>}
      {found !== null && found.length > 0 && (
        <table className="tb dense">
          <thead>
            <tr>
              <th style={{ width: 88 }}>Version</th>
              <th>Folder</th>
              <th style={{ width: 130 }}>Found by</th>
              <th style={{ width: 110 }}>Programs</th>
              <th style={{ width: 56 }}>
                <span className="sr">Remove</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {found.map((one) => (
              <tr key={one.folder}>
                <td className="b">{formatPgVersion(one.version)}</td>
                <td className="mono wrap">{one.folder}</td>
                <td className="t2">{one.origin}</td>
                <td>
                  <Tooltip title={one.programs.join(', ')} describes>
                    {/* Reachable by the keyboard, since the names stand only here. */}
                    <button type="button" className="plain-link">
                      {plural(one.programs.length, 'program')}
                    </button>
                  </Tooltip>
                </td>
                <td className="num">
                  {settings.installationFolders.some((each) => foundThrough(one.folder, each)) && (
                    <IconButton
                      icon="x"
                      size="s"
                      label={`Do not look in ${one.folder}`}
                      onClick={() => void change(settings.installationFolders.filter((each) => !foundThrough(one.folder, each)))}
                    />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {found !== null && found.length === 0 && (
        <div className="card-body">
          <Note tone="warning">
            No PostgreSQL programs were found. Install the PostgreSQL client of your server’s version, or add the folder that
            holds pg_dump.
          </Note>
        </div>
      )}
      {missing.map((each) => (
        <div className="card-body row" key={each}>
          <span className="sp">
            <Note tone="warning">
              Nothing was found in <span className="mono">{each}</span>.
            </Note>
          </span>
          <Button size="s" onClick={() => void change(settings.installationFolders.filter((other) => other !== each))}>
            Remove
          </Button>
        </div>
      ))}
      <div className="add-row">
        <PathField
          className="sp"
          label="Another folder with pg_dump and the other programs"
          value={folder}
          onChange={setFolder}
          placeholder="/opt/postgresql/18/bin"
          onEnter={add}
        />
        <Button disabled={!addable} onClick={add}>
          Add
        </Button>
      </div>
    </Card>
  )
}
