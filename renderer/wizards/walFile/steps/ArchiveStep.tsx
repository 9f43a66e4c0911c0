// Step 2: the folder, archive_timeout, when to restart, and whether to try it; the difference follows.
import { formatBytes } from '../../../../shared/model/byteCount'
import { Card } from '../../../components/Card'
import { CommandList } from '../../../components/CommandBlock'
import { ErrorNote, Note } from '../../../components/Feedback'
import { Switch, TextField } from '../../../components/fields'
import { PathField } from '../../../components/PathField'
import { ChoiceCards } from '../../../wizard/ChoiceCards'
import type { Asked } from '../../../wizard/useAsk'
import { folderOf, restartOf, timeoutOf, timeoutProblem } from '../draft'
import type { FilePreview, FileStepProps } from '../Wizard'

export function ArchiveStep({ connection, draft, setDraft, prepared, preview }: FileStepProps & { preview: Asked<FilePreview> }) {
  const base = prepared.data
  if (!base) return null
  const restart = restartOf(draft, base)
  const takes = preview.data?.takes
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="Folder">
          <div className="fieldgrid">
            {base.local ? (
              <PathField
                label="Folder of the archive"
                className="wide"
                value={folderOf(draft, base)}
                onChange={(folder) => setDraft({ ...draft, folder })}
                help={`Made when it is not there, for the account ${base.account}. Best on another disk than the server's data.`}
              />
            ) : (
              <>
                <TextField
                  label="Folder on the server"
                  mono
                  value={folderOf(draft, base)}
                  onChange={(folder) => setDraft({ ...draft, folder })}
                  placeholder="/srv/wal/main"
                  help="It must be there, on a file system with hard links, and writable for the server's account."
                />
                <PathField
                  label="The same folder as seen from here"
                  value={draft.folderHere}
                  onChange={(folderHere) => setDraft({ ...draft, folderHere })}
                  help="Such as a network mount. Empty when it can't be seen from this machine."
                />
              </>
            )}
          </div>
        </Card>
        <Card title="Settings">
          <div className="fieldgrid">
            <TextField
              label={<span className="mono">archive_timeout</span>}
              value={timeoutOf(draft, base)}
              onChange={(timeout) => setDraft({ ...draft, timeout })}
              inputMode="numeric"
              unit="seconds"
              problem={timeoutProblem(timeoutOf(draft, base)) || undefined}
              help={`At most so much time is missing from the archive; each switch costs ${formatBytes(String(base.segmentSize))} of space. 0 for never.`}
            />
            <div className="col g8" style={{ justifyContent: 'center' }}>
              <Switch checked={draft.check} onChange={(check) => setDraft({ ...draft, check })}>
                Try it at once
              </Switch>
              <div className="t3 sm">A restore point, a switched segment, and the wait until it has arrived.</div>
            </div>
          </div>
          {base.foreign && (
            <div className="card-body">
              <Switch checked={draft.replace} onChange={(replace) => setDraft({ ...draft, replace })}>
                Replace the present <span className="mono">{base.foreign.setting}</span>
              </Switch>
              <div className="t3 sm wrap">
                <span className="mono">{base.foreign.value}</span> is kept in the job's record and offered back later.
              </div>
            </div>
          )}
        </Card>
        {takes === 'restart' && (
          <Card title="Restart">
            <ChoiceCards
              legend="Restart"
              value={restart}
              onChange={(choice) => setDraft({ ...draft, restart: choice })}
              options={[
                {
                  value: 'now',
                  label: 'Restart the server now',
                  help: base.restart.here
                    ? 'A fast shutdown: sessions are sent away, and what was not committed is rolled back. Should it not start with the new settings, the former ones are put back.'
                    : base.restart.why,
                  disabled: !base.restart.here,
                },
                {
                  value: 'later',
                  label: 'Later',
                  help: base.restart.here
                    ? 'Nothing is archived until then.'
                    : `Nothing is archived until it is restarted by: ${base.restart.command}`,
                },
              ]}
            />
            {restart === 'now' && base.needsConfirm && (
              <div className="fieldgrid">
                <TextField
                  label={
                    <>
                      Type the server's name, <span className="mono b">{connection.label}</span>, to have it restarted
                    </>
                  }
                  mono
                  value={draft.confirm}
                  onChange={(confirm) => setDraft({ ...draft, confirm })}
                />
              </div>
            )}
          </Card>
        )}
        {takes === 'nothing' && <Note tone="pass">The server is set like this already.</Note>}
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
