// Step 2: where the copy goes, what comes along, what is checked.
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatBytes } from '../../../../shared/model/byteCount'
import { Card } from '../../../components/Card'
import { CommandList } from '../../../components/CommandBlock'
import { ErrorNote } from '../../../components/Feedback'
import { Switch, TextField } from '../../../components/fields'
import { PathField } from '../../../components/PathField'
import { plural } from '../../../format/numbers'
import type { Asked } from '../../../wizard/useAsk'
import { WrittenCard } from '../../../wizard/WrittenCard'
import { coldLibrary, coldStepProblem } from '../draft'
import type { ColdStepProps } from '../Wizard'

export interface OptionsStepProps extends ColdStepProps {
  preview: Asked<CommandPreview>
}

export function OptionsStep({ draft, setDraft, prepared, preview }: OptionsStepProps) {
  const base = prepared.data
  if (!base) return null
  const { cluster, configuration } = base
  const library = coldLibrary(draft, base)
  const free = base.libraries.find(({ path }) => path === library)?.freeBytes
  const checksums = cluster.control?.dataChecksums === true
  const clean = /^shut down/.test(cluster.control?.state ?? '')
  const place = 'The copy gets a folder of its own in here.'
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="Where it goes">
          <div className="fieldgrid">
            <PathField
              label="Library"
              value={library}
              onChange={(value) => setDraft({ ...draft, library: value })}
              want="folder"
              help={free == null ? place : `${place} ${formatBytes(free)} free.`}
              problem={coldStepProblem(draft, base, 'options')}
            />
            <TextField
              label="Label"
              value={draft.label}
              onChange={(label) => setDraft({ ...draft, label })}
              maxLength={200}
              help="Kept in the record, and part of the folder's name."
            />
          </div>
        </Card>
        <Card title="What comes along">
          <div className="fieldgrid">
            <div className="wide">
              {configuration.length === 0 ? (
                <div className="t2">All settings files are in the data directory and come along with it.</div>
              ) : (
                <>
                  <Switch checked={draft.configuration} onChange={(value) => setDraft({ ...draft, configuration: value })}>
                    Settings files outside the data directory
                  </Switch>
                  <div className="t3 sm wrap" style={{ marginTop: 4 }}>
                    {plural(configuration.length, 'file')}: {configuration.join(', ')}
                  </div>
                </>
              )}
            </div>
            {base.slots.length > 0 && (
              <div className="wide t2 sm wrap">
                Replication slots are left out ({base.slots.join(', ')}): in a copy they would keep WAL for clients that never
                come.
              </div>
            )}
          </div>
        </Card>
        <Card title="What is checked">
          <div className="fieldgrid">
            <div className="wide">
              <Switch
                checked={draft.pageChecksums && checksums && clean}
                disabled={!checksums || !clean}
                onChange={(pageChecksums) => setDraft({ ...draft, pageChecksums })}
              >
                Read every page through pg_checksums before the copy
              </Switch>
              <div className="t3 sm" style={{ marginTop: 4 }}>
                {!checksums
                  ? 'This cluster has no data checksums.'
                  : clean
                    ? 'Tells pages that are damaged already. It reads the whole cluster once more.'
                    : 'pg_checksums takes only a cluster that was shut down cleanly.'}
              </div>
            </div>
            <div className="wide t2 sm">
              Always: every file of the copy is read back and compared with what was read from the cluster, and nobody may have
              started it meanwhile.
            </div>
          </div>
        </Card>
      </div>
      <div className="wz-col">
        {preview.error && <ErrorNote error={preview.error} onRetry={preview.again} />}
        <div className="cmdwrap">
          <CommandList commands={preview.data?.commands ?? []} width={48} />
        </div>
        <WrittenCard
          writes={preview.data?.writes ?? []}
          promise={{ icon: 'lock', text: `${cluster.name} is only read`, safe: true }}
        />
      </div>
    </div>
  )
}
