// Where backups are kept: add and remove libraries, and which one new backups go to.
import { useCallback, useEffect, useState } from 'react'
import type { z } from 'zod'
import type { contracts } from '../../../shared/contracts'
import type { Settings } from '../../../shared/contracts/host'
import { formatBytes } from '../../../shared/model/byteCount'
import { Button, IconButton } from '../../components/Button'
import { Card } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import { ErrorNote } from '../../components/Feedback'
import { PathField } from '../../components/PathField'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import type { SaveSettings } from './Settings'

type Library = z.infer<typeof contracts.backups.methods.list.output>['libraries'][number]

export function LibrariesCard({ settings, save }: { settings: Settings; save: SaveSettings }) {
  const [found, setFound] = useState<readonly Library[]>([])
  const [error, setError] = useState<ShownError | null>(null)
  const [folder, setFolder] = useState('')
  const [removing, setRemoving] = useState<string | null>(null)
  const { libraries } = settings

  const read = useCallback(async () => {
    try {
      setFound((await api.backups.list({})).libraries)
      setError(null)
    } catch (cause) {
      setError(shownError(cause))
    }
  }, [])
  useEffect(() => {
    void read()
  }, [read])

  const change = async (next: string[]) => {
    if ((await save({ libraries: next })) !== null) return
    setFolder('')
    await read()
  }
  const addable = folder.trim() !== '' && !libraries.includes(folder.trim())
  const add = () => {
    if (addable) void change([...libraries, folder.trim()])
  }
  return (
    <Card title="Libraries" note="the folders that backups are kept in">
      {error && (
        <div className="card-body">
          <ErrorNote error={error} onRetry={() => void read()} />
        </div>
      )}
      <table className="tb dense">
        <thead>
          <tr>
            <th>Folder</th>
            <th className="num" style={{ width: 90 }}>
              Free
            </th>
            <th style={{ width: libraries.length > 1 ? 196 : 16 }}>
              <span className="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {libraries.map((path, index) => {
            const library = found.find((each) => each.path === path)
            return (
              <tr key={path}>
                <td>
                  <span className="row">
                    <span className="mono wrap">{path}</span>
                    {index === 0 && <Chip tone="accent">new backups go here</Chip>}
                    {library && !library.exists && (
                      <Chip tone="warning" icon="warn">
                        not there now
                      </Chip>
                    )}
                  </span>
                </td>
                <td className="num nw">{library?.freeBytes == null ? '–' : formatBytes(library.freeBytes)}</td>
                <td>
                  <span className="row g4" style={{ justifyContent: 'flex-end' }}>
                    {index > 0 && (
                      <Button size="xs" onClick={() => void change([path, ...libraries.filter((each) => each !== path)])}>
                        Use for new backups
                      </Button>
                    )}
                    {libraries.length > 1 && (
                      <IconButton icon="x" size="s" label={`Remove ${path} from the list`} onClick={() => setRemoving(path)} />
                    )}
                  </span>
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
      <div className="add-row">
        <PathField
          className="sp"
          label="Another library"
          value={folder}
          onChange={setFolder}
          placeholder="/srv/walkback"
          onEnter={add}
        />
        <Button disabled={!addable} onClick={add}>
          Add
        </Button>
      </div>
      <ConfirmDialog
        open={removing !== null}
        title="Remove this library from the list?"
        action="Remove from the list"
        destructive={false}
        facts={removing === null ? [] : [{ label: 'Folder', value: removing, mono: true }]}
        onConfirm={() => {
          void change(libraries.filter((each) => each !== removing))
          setRemoving(null)
        }}
        onClose={() => setRemoving(null)}
      >
        Walkback no longer shows its backups. The folder and everything in it stay as they are, and come back when you add it
        again.
      </ConfirmDialog>
    </Card>
  )
}
