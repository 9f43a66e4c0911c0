// Where a file is: on the machine that runs Walkback, on the server, or at a program there; with the role that it takes.
import type { ReactNode } from 'react'
import { Card } from '../../../components/Card'
import { Note } from '../../../components/Feedback'
import { TextArea, TextField } from '../../../components/fields'
import { ChoiceCards } from '../../../wizard/ChoiceCards'
import type { CopyPrepared } from '../ExportWizard'
import type { PlaceKind } from '../exportDraft'

export interface PlaceDraft {
  place: PlaceKind
  serverPath: string
  command: string
}

export interface PlaceCardProps<D extends PlaceDraft> {
  direction: 'export' | 'import'
  label: string
  draft: D
  setDraft: (draft: D) => void
  /** undefined while no database is chosen: what the role may do is not known yet. */
  prepared: CopyPrepared | undefined
  /** The fields of a file on this machine. */
  children: ReactNode
}

export function PlaceCard<D extends PlaceDraft>(props: PlaceCardProps<D>) {
  const { direction, label, draft, setDraft, prepared, children } = props
  const out = direction === 'export'
  const rights = prepared?.server
  const mayFile = out ? rights?.writeFiles : rights?.readFiles
  const fileText = out ? rights?.writeText : rights?.readText
  const { place } = draft
  const denied = (place === 'server-file' && mayFile === false) || (place === 'server-program' && rights?.runPrograms === false)
  return (
    <Card className="copy-three" title={out ? 'Where it goes' : 'Where the file is'}>
      <ChoiceCards
        legend={out ? 'Where it goes' : 'Where the file is'}
        value={place}
        onChange={(kind) => setDraft({ ...draft, place: kind })}
        options={[
          {
            value: 'client',
            label: 'On this machine',
            help: `The one that runs Walkback. ${out ? 'The role needs to read the rows, nothing else.' : 'The role needs to add rows, nothing else.'}`,
          },
          {
            value: 'server-file',
            label: 'On the server',
            help: `A file that the server itself ${out ? 'writes' : 'reads'}. Needs a superuser or ${out ? 'pg_write_server_files' : 'pg_read_server_files'}.`,
          },
          {
            value: 'server-program',
            label: 'A program on the server',
            help: `${out ? 'Gets the rows at its input' : 'Gives the rows at its output'}. Needs a superuser or pg_execute_server_program.`,
          },
        ]}
      />
      <div className="fieldgrid">
        {place === 'client' && children}
        {place === 'server-file' && (
          <TextField
            className="wide"
            label={`Path on ${label}`}
            value={draft.serverPath}
            onChange={(serverPath) => setDraft({ ...draft, serverPath })}
            mono
            icon="lob"
            placeholder="/var/lib/postgresql/rows.csv"
            help={fileText ?? 'An absolute path, as the server sees it.'}
          />
        )}
        {place === 'server-program' && (
          <TextArea
            className="wide"
            label={`Program on ${label}`}
            value={draft.command}
            onChange={(command) => setDraft({ ...draft, command })}
            rows={2}
            mono
            placeholder={out ? 'gzip > /srv/rows.csv.gz' : 'gzip -dc /srv/rows.csv.gz'}
            help={rights?.programText ?? 'Run by the shell of the server, as the account that the server runs as.'}
          />
        )}
        {denied && (
          <div className="wide">
            <Note tone="warning">
              This role may not do that. Ask for the role named above, or use a file on this machine, which needs no such right.
            </Note>
          </div>
        )}
      </div>
    </Card>
  )
}
