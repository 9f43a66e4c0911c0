// The chain that is combined, how its files are copied, where the result goes, and pg_combinebackup's other options.
import type { CommandPreview } from '../../../shared/contracts/dump'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { pgCombinebackup } from '../../../shared/tools/pgCombinebackup'
import { Card } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { CommandList } from '../../components/CommandBlock'
import { ErrorNote, Note } from '../../components/Feedback'
import { TextField } from '../../components/fields'
import { PathField } from '../../components/PathField'
import { plural } from '../../format/numbers'
import { formatAgo, formatWhen } from '../../format/time'
import { ChoiceCards } from '../../wizard/ChoiceCards'
import { OptionForm } from '../../wizard/OptionForm'
import type { Asked } from '../../wizard/useAsk'
import { WrittenCard } from '../../wizard/WrittenCard'
import { type CombineDraft, combineDefaults, combineLibrary, combineProblem, copyWay, copyWays, withCopyWay } from './draft'
import { type CombinePrepared, promise } from './Wizard'
import { copyWords } from './words'
import './combine.css'

export interface ChainStepProps {
  base: CombinePrepared
  draft: CombineDraft
  setDraft: (draft: CombineDraft) => void
  preview: Asked<CommandPreview>
}

export function ChainStep({ base, draft, setDraft, preview }: ChainStepProps) {
  const library = combineLibrary(draft, base)
  const free = base.libraries.find(({ path }) => path === library)?.freeBytes
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        {base.problem !== '' && <Note tone="blocker">{base.problem}</Note>}
        <Card title="Chain" note={plural(base.chain.length, 'backup')}>
          <ol className="chain-list">
            {base.chain.map((link) => (
              <li key={link.path}>
                <span className="chain-kind">
                  <Chip tone={link.incremental ? 'outline' : 'accent'}>{link.incremental ? 'incremental' : 'full'}</Chip>
                </span>
                <div className="sp">
                  <div>
                    {formatWhen(link.stopTime)} <span className="t3">{formatAgo(link.stopTime)}</span>
                    {link.label !== '' && <span className="t2">, {link.label}</span>}
                  </div>
                  <div className="mono sm t3 wrap">{link.path}</div>
                </div>
                <span className="nw mono t2">{link.lsn}</span>
                <span className="nw">{formatBytes(link.size)}</span>
              </li>
            ))}
          </ol>
        </Card>
        <Card title="How files get there">
          <ChoiceCards
            legend="How files get there"
            value={copyWay(draft)}
            onChange={(way) => setDraft(withCopyWay(draft, way))}
            options={copyWays.map((value) => ({ value, ...copyWords[value] }))}
          />
        </Card>
        <Card title="Where it goes">
          <div className="fieldgrid">
            <PathField
              label="Library"
              value={library}
              onChange={(value) => setDraft({ ...draft, library: value })}
              want="folder"
              help={
                free == null
                  ? 'The backup gets a folder of its own in here.'
                  : `The backup gets a folder of its own in here. ${formatBytes(free)} free.`
              }
              problem={base.problem === '' && base.toolProblem === null ? combineProblem(draft, base) : ''}
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
        {base.tool === null ? (
          <Note tone="blocker">
            <div className="m">{base.toolProblem?.message ?? 'No pg_combinebackup was found.'}</div>
            <div className="t2">{base.toolProblem?.hint}</div>
          </Note>
        ) : (
          <OptionForm
            tool={pgCombinebackup}
            versions={{ tool: base.tool.version, server: null }}
            note={`pg_combinebackup ${formatPgVersion(base.tool.version)}`}
            defaults={combineDefaults}
            changes={draft.changes}
            onChange={(changes) => setDraft({ ...draft, changes })}
            elsewhere={copyWays}
          />
        )}
      </div>
      <div className="wz-col">
        {preview.error && <ErrorNote error={preview.error} onRetry={preview.again} />}
        <div className="cmdwrap">
          <CommandList commands={preview.data?.commands ?? []} width={48} />
        </div>
        <WrittenCard writes={preview.data?.writes ?? []} promise={promise} />
      </div>
    </div>
  )
}
