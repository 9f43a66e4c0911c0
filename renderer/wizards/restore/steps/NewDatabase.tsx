// The new database: its name and owner, and behind "Details" what it takes over from the source.
import { useId, useState } from 'react'
import { SelectField, TextField } from '../../../components/fields'
import { Icon } from '../../../components/Icon'
import { newTarget, restoreStepProblem } from '../draft'
import type { RestorePrepared, RestoreStepProps } from '../Wizard'

const providers = [
  { value: '', label: "The server's default" },
  { value: 'libc', label: 'libc' },
  { value: 'icu', label: 'icu' },
  { value: 'builtin', label: 'builtin' },
] as const

/** A name that is not among those of the server stays chosen, and is said to be missing. */
function named(names: readonly string[], first: string, chosen: string) {
  return [
    { value: '', label: first },
    ...(chosen !== '' && !names.includes(chosen) ? [{ value: chosen, label: `${chosen} (not on this server)` }] : []),
    ...names.map((name) => ({ value: name, label: name })),
  ]
}

type OwnerFieldProps = Pick<RestoreStepProps, 'draft' | 'setDraft'> & {
  base: RestorePrepared
  owner: string
  first?: string
  help?: string
}

export function OwnerField({ draft, setDraft, base, owner, first = 'the role that connects', help }: OwnerFieldProps) {
  const missing = owner !== '' && !base.roles.includes(owner)
  return (
    <SelectField
      label="Owner"
      value={owner}
      onChange={(chosen) => setDraft({ ...draft, owner: chosen })}
      options={named(base.roles, first, owner)}
      problem={missing ? `There is no role ${owner} on this server; the review offers to create it.` : undefined}
      help={help ?? 'As in the source.'}
      mono
    />
  )
}

export function NewDatabase({ draft, setDraft, facts, base }: RestoreStepProps & { base: RestorePrepared }) {
  const [open, setOpen] = useState(false)
  const panel = useId()
  const target = newTarget(draft, base)
  const problem = restoreStepProblem(draft, facts.data, base, 'destination')
  const taken = base.databases.includes(target.database)
  const summary = [target.encoding || 'default encoding', target.localeProvider, target.locale || target.collate]
    .filter(Boolean)
    .join(', ')
  return (
    <>
      <div className="fieldgrid">
        <TextField
          label="Name of the new database"
          value={target.database}
          onChange={(newDatabase) => setDraft({ ...draft, newDatabase })}
          mono
          problem={problem !== '' ? problem : taken ? 'A database of this name exists. Choose another name.' : undefined}
          help="Suggested; change it as you like."
        />
        <OwnerField draft={draft} setDraft={setDraft} base={base} owner={target.owner} />
      </div>
      <button type="button" className="disclose" aria-expanded={open} aria-controls={panel} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'down' : 'right'} size={14} />
        Details
        <span className="t3 w4 el">{summary}</span>
      </button>
      {open && (
        <div className="fieldgrid" id={panel}>
          <TextField
            label="Encoding"
            value={target.encoding}
            onChange={(encoding) => setDraft({ ...draft, encoding })}
            help="ENCODING; empty for the server's default."
            mono
          />
          <SelectField
            label="Locale provider"
            value={target.localeProvider}
            onChange={(localeProvider) => setDraft({ ...draft, localeProvider })}
            options={providers}
            help="LOCALE_PROVIDER, from PostgreSQL 15 on; builtin from 17 on."
          />
          <TextField
            label="Collation"
            value={target.collate}
            onChange={(collate) => setDraft({ ...draft, collate })}
            help="LC_COLLATE"
            mono
          />
          <TextField
            label="Character classes"
            value={target.ctype}
            onChange={(ctype) => setDraft({ ...draft, ctype })}
            help="LC_CTYPE"
            mono
          />
          <TextField
            label="Locale of the provider"
            value={target.locale}
            onChange={(locale) => setDraft({ ...draft, locale })}
            help="ICU_LOCALE or BUILTIN_LOCALE; empty with libc."
            mono
          />
          <SelectField
            label="Tablespace"
            value={target.tablespace}
            onChange={(tablespace) => setDraft({ ...draft, tablespace })}
            options={named(base.tablespaces, "the server's default", target.tablespace)}
            mono
          />
        </div>
      )}
    </>
  )
}
