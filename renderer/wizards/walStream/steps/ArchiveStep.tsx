// Step 2: the folder, the slot, compression, and how careful; the command follows.
import { majorOf } from '../../../../shared/model/pgVersion'
import { walCompressions } from '../../../../shared/tools/walCompression'
import { Card } from '../../../components/Card'
import { CommandList } from '../../../components/CommandBlock'
import { ErrorNote, Note } from '../../../components/Feedback'
import { SelectField, Switch, TextField } from '../../../components/fields'
import { PathField } from '../../../components/PathField'
import type { Asked } from '../../../wizard/useAsk'
import { folderOf, slotOf, slotProblem } from '../draft'
import type { StreamPreview, StreamStepProps } from '../Wizard'

export function ArchiveStep({ draft, setDraft, prepared, preview }: StreamStepProps & { preview: Asked<StreamPreview> }) {
  const base = prepared.data
  if (!base) return null
  const slot = slotOf(draft, base)
  const major = base.tool ? majorOf(base.tool.version) : 0
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="Where">
          <div className="fieldgrid">
            <PathField
              label="Folder of the archive"
              className="wide"
              value={folderOf(draft, base)}
              onChange={(folder) => setDraft({ ...draft, folder })}
              help="On this machine; made when it is not there. What it holds already tells where to go on."
            />
            <TextField
              label="Replication slot"
              mono
              value={slot}
              onChange={(name) => setDraft({ ...draft, slot: name })}
              problem={slotProblem(slot) || undefined}
              help="Made on the server, and reserving WAL at once."
            />
            <SelectField
              label="Compression"
              value={draft.compress}
              onChange={(compress) => setDraft({ ...draft, compress })}
              disabled={draft.synchronous}
              help={draft.synchronous ? 'Not together with flushing at once.' : 'Of each segment as it arrives.'}
              options={[
                { value: '', label: 'None' },
                ...walCompressions
                  .filter(({ value }) => value !== '0')
                  .map(({ value, label, since }) => ({
                    value,
                    label: since !== undefined && major < since ? `${label}, from version ${since}` : label,
                    disabled: since !== undefined && major < since,
                  })),
              ]}
            />
          </div>
        </Card>
        <Card title="How careful" padded>
          <div className="col g12">
            <div>
              <Switch
                checked={draft.synchronous}
                disabled={draft.compress !== ''}
                onChange={(synchronous) => setDraft({ ...draft, synchronous })}
              >
                Flush at once <span className="mono t3">--synchronous</span>
              </Switch>
              <div className="t3 sm">
                {draft.compress === ''
                  ? 'Each piece is on disk before the server hears of it. Costs more writing.'
                  : 'Not together with compression.'}
              </div>
            </div>
            {base.keepSize === '-1' && (
              <div>
                <Switch checked={draft.unlimited} onChange={(unlimited) => setDraft({ ...draft, unlimited })}>
                  The slot may keep WAL without a limit
                </Switch>
                <div className="t3 sm">
                  <span className="mono">max_slot_wal_keep_size</span> is -1: while nothing is received, the server keeps all WAL
                  until its disk is full.
                </div>
              </div>
            )}
          </div>
        </Card>
        {base.slots.some(({ name }) => name === slot) && <Note tone="warning">The server has a slot {slot} already.</Note>}
      </div>
      <div className="wz-col scroll">
        {preview.error && <ErrorNote error={preview.error} onRetry={preview.again} />}
        <div className="cmdwrap">
          <CommandList commands={preview.data?.commands ?? []} width={48} />
        </div>
      </div>
    </div>
  )
}
