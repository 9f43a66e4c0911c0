// The form of a program's options, drawn from its table: common ones first, the long tail behind "All options" with a search.
import { useId, useState } from 'react'
import { majorOf } from '../../shared/model/pgVersion'
import type { CommandVersions } from '../../shared/tools/buildCommand'
import { optionProblem } from '../../shared/tools/buildCommand'
import type { OptionValue, OptionValues, Tool, ToolOption } from '../../shared/tools/defineTool'
import { Button } from '../components/Button'
import { Card } from '../components/Card'
import { Chip } from '../components/Chip'
import { EmptyState } from '../components/Feedback'
import { Icon } from '../components/Icon'
import { SearchField } from '../components/SearchField'
import { type KnownNames, OptionField } from './OptionField'
import {
  changeOption,
  countSet,
  formOptions,
  groupOptions,
  isSet,
  type PlainValues,
  sameValue,
  searchOptions,
} from './optionState'

export interface OptionFormProps {
  tool: Tool
  versions: CommandVersions
  /** "pg_dump 18.4" */
  note: string
  defaults: OptionValues
  changes: PlainValues
  onChange: (changes: PlainValues) => void
  /** Values that the wizard sets elsewhere and that options depend on: the format. */
  given?: OptionValues
  /** Options that the wizard shows elsewhere. */
  elsewhere?: readonly string[]
  /** Names that exist, by kind of pattern or else by the option's key, offered while typing. */
  names?: Readonly<Record<string, KnownNames>>
  /** Option to show at once: it is searched for, and "All options" is open. */
  show?: string
}

export function OptionForm(props: OptionFormProps) {
  const { tool, versions, note, defaults, changes, onChange, given = {}, elsewhere = [], names = {}, show } = props
  const options = formOptions(tool, elsewhere)
  const asked = tool.options.find((option) => option.key === show)
  const [open, setOpen] = useState(asked !== undefined && asked.common !== true)
  const [text, setText] = useState(asked !== undefined && asked.common !== true ? asked.flag : '')
  const panel = useId()

  const values: OptionValues = { ...defaults, ...changes, ...given }
  const common = options.filter((option) => option.common === true)
  const rest = options.filter((option) => option.common !== true)
  const found = searchOptions(text === '' ? rest : options, text)
  const set = countSet(options, values)
  const changed = options.filter((option) => option.key in changes).length
  const field = (option: ToolOption) => (
    <OptionField
      key={option.key}
      option={option}
      value={values[option.key]}
      major={majorOf(versions.tool)}
      toolMajorFlag={option.formerly && majorOf(versions.tool) <= option.formerly.until ? option.formerly.flag : option.flag}
      problem={optionProblem(tool, option.key, values, versions)}
      changed={option.key in changes}
      defaultWord={defaultWord(option, defaults[option.key])}
      names={option.value.kind === 'list' ? (names[option.value.pattern ?? option.key] ?? {}) : {}}
      onChange={(value) => onChange(changeOption(defaults, changes, option.key, value))}
      onReset={() => onChange(changeOption(defaults, changes, option.key, defaults[option.key] ?? emptyOf(option)))}
    />
  )
  return (
    <Card
      title="Options"
      note={note}
      className="opts"
      actions={
        <>
          <Chip tone={set > 0 ? 'accent' : 'neutral'}>{set === 0 ? 'none set' : `${set} set`}</Chip>
          {changed > 0 && (
            <Button kind="ghost" size="xs" onClick={() => onChange({})}>
              Reset {changed === 1 ? 'the change' : `${changed} changes`}
            </Button>
          )}
        </>
      }
    >
      {common.length > 0 && <div className="fieldgrid">{common.map(field)}</div>}
      <button type="button" className="disclose" aria-expanded={open} aria-controls={panel} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'down' : 'right'} size={14} />
        All options
        <span className="t3 w4">
          {rest.length} more, {countSet(rest, values) === 0 ? 'none set' : `${countSet(rest, values)} set`}
        </span>
      </button>
      {open && (
        <div id={panel}>
          <div className="wz-bar">
            <SearchField
              label="Find an option by name, words or flag"
              value={text}
              onChange={setText}
              width={360}
              note={text === '' ? undefined : `${found.length} found`}
            />
          </div>
          {found.length === 0 && (
            <EmptyState icon="search" title="No such option">
              {omissionOf(tool, text) ?? `${tool.program} has nothing by these words.`}
            </EmptyState>
          )}
          {groupOptions(found).map(({ group, options: members }) => (
            <section key={group} className="opt-group" aria-label={group}>
              <h3>
                {group}
                {countSet(members, values) > 0 && <span className="t3 w4">{countSet(members, values)} set</span>}
              </h3>
              <div className="fieldgrid">{members.map(field)}</div>
            </section>
          ))}
        </div>
      )}
    </Card>
  )
}

function emptyOf(option: ToolOption): OptionValue {
  return option.value.kind === 'list' ? [] : option.value.kind === 'flag' ? false : ''
}

/** The default in words, for the reset; '' when the default is "not asked for". */
function defaultWord(option: ToolOption, value: OptionValue | undefined): string {
  if (!isSet(value) || value === undefined) return ''
  if (value === true) return 'on'
  if (typeof value === 'object') return value.join(', ')
  if (option.value.kind === 'choice')
    return option.value.choices.find((choice) => sameValue(choice.value, value))?.label ?? String(value)
  return String(value)
}

/** A flag that was left out on purpose is told with its reason. */
function omissionOf(tool: Tool, text: string): string | undefined {
  const omission = tool.omissions.find(({ flag }) => flag === text.trim().toLowerCase())
  return omission && `${omission.flag} is left out: ${omission.reason}`
}
