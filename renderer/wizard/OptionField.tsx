// One option of a program: label, flag, help, the control of its kind, and why it can't be used.
import { type ReactNode, useState } from 'react'
import type { OptionChoice, OptionValue, ToolOption } from '../../shared/tools/defineTool'
import { ChipsField } from '../components/ChipsField'
import { SelectField, TextField, Tick } from '../components/fields'
import { Icon } from '../components/Icon'
import { PathField } from '../components/PathField'
import { isSet, readInteger } from './optionState'

/** Names that exist, as a person reads them, each with how it is quoted. */
export type KnownNames = Readonly<Record<string, string>>

export interface OptionFieldProps {
  option: ToolOption
  value: OptionValue | undefined
  major: number
  /** As this version of the program spells it. */
  toolMajorFlag: string
  problem: string | undefined
  changed: boolean
  defaultWord: string
  names: KnownNames
  onChange: (value: OptionValue) => void
  onReset: () => void
}

const typed = '\0typed'

export function OptionField(props: OptionFieldProps) {
  const { option, value, problem, changed, onReset, defaultWord } = props
  const set = isSet(value)
  // Set and not possible: it can be taken back. Not set and not possible: greyed out, with the reason.
  const off = problem !== undefined && !set
  const label = (
    <span className="label">
      <span>{option.label}</span>
      <span className="flag">{props.toolMajorFlag}</span>
    </span>
  )
  return (
    <div className={`opt${changed ? ' changed' : ''}${option.value.kind === 'list' ? ' wide' : ''}`}>
      <Control {...props} label={label} set={set} off={off} />
      {off && (
        <span className="why">
          <Icon name="info" size={14} />
          {problem}
        </span>
      )}
      {changed && (
        <div className="row g4 sm t3">
          Changed{defaultWord === '' ? '' : `, default ${defaultWord}`}
          <button type="button" className="reset" onClick={onReset} aria-label={`Reset ${option.label}`}>
            Reset
          </button>
        </div>
      )}
    </div>
  )
}

interface ControlProps extends OptionFieldProps {
  label: ReactNode
  set: boolean
  off: boolean
}

function Control({ option, value, major, problem, names, onChange, label, set, off }: ControlProps) {
  const kind = option.value
  const bad = set ? problem : undefined
  const help = off ? undefined : option.help
  switch (kind.kind) {
    case 'flag':
      return (
        <>
          <Tick checked={value === true} onChange={onChange} disabled={off} help={help}>
            {label}
          </Tick>
          {bad !== undefined && (
            <span className="why err" role="alert">
              <Icon name="block" size={14} />
              {bad}
            </span>
          )}
        </>
      )
    case 'integer':
      return (
        <TextField
          label={label}
          help={help}
          problem={bad}
          value={set ? String(value) : ''}
          // A text that is no number is kept, so that it is seen and the command says what is wrong with it.
          onChange={(text) => {
            const read = readInteger(text, kind)
            onChange(typeof read === 'object' ? text : read)
          }}
          inputMode="numeric"
          placeholder="not set"
          disabled={off}
          {...(kind.unit === undefined ? {} : { unit: kind.unit })}
        />
      )
    case 'choice':
      return (
        <SelectField
          label={label}
          help={help}
          problem={bad}
          disabled={off}
          value={set ? String(value) : ''}
          onChange={onChange}
          options={[{ value: '', label: 'Not set' }, ...choicesFor(kind.choices, major, String(value ?? ''))]}
        />
      )
    case 'text':
      return kind.suggestions === undefined ? (
        <TextField
          label={label}
          help={help}
          problem={bad}
          value={set ? String(value) : ''}
          onChange={onChange}
          placeholder={kind.placeholder ?? 'not set'}
          disabled={off}
          mono
        />
      ) : (
        <Suggested
          label={label}
          help={help}
          problem={bad}
          off={off}
          value={set ? String(value) : ''}
          suggestions={choicesFor(kind.suggestions, major, '')}
          placeholder={kind.placeholder ?? ''}
          onChange={onChange}
        />
      )
    case 'file':
      return (
        <PathField
          label={`${option.label}, ${option.flag}`}
          value={set ? String(value) : ''}
          onChange={onChange}
          want="file"
          disabled={off}
          problem={bad}
          {...(help === undefined ? {} : { help })}
        />
      )
    case 'list':
      return (
        <ChipsField
          label={label}
          name={option.label}
          values={Array.isArray(value) ? value : []}
          onChange={onChange}
          suggestions={Object.keys(names)}
          help={
            off
              ? undefined
              : kind.pattern === undefined
                ? option.help
                : `${option.help} Add names, or patterns: * stands for any letters.`
          }
          problem={bad}
          disabled={off}
          entryOf={(text) => patternEntry(text, names)}
        />
      )
  }
}

function choicesFor(choices: readonly OptionChoice[], major: number, chosen: string) {
  return choices.map((choice) => {
    const early = choice.since !== undefined && major < choice.since
    return {
      value: choice.value,
      label: early ? `${choice.label}, from version ${choice.since}` : choice.label,
      disabled: early && choice.value !== chosen,
    }
  })
}

interface SuggestedProps {
  label: ReactNode
  help: string | undefined
  problem: string | undefined
  off: boolean
  value: string
  suggestions: readonly { value: string; label: string; disabled: boolean }[]
  placeholder: string
  onChange: (value: OptionValue) => void
}

/** The usual values to choose from, and a field for any other. */
function Suggested({ label, help, problem, off, value, suggestions, placeholder, onChange }: SuggestedProps) {
  const [typing, setTyping] = useState(false)
  const known = value === '' || suggestions.some((entry) => entry.value === value)
  return (
    <div className="col g4">
      <SelectField
        label={label}
        help={typing || !known ? undefined : help}
        problem={typing || !known ? undefined : problem}
        disabled={off}
        value={typing || !known ? typed : value}
        options={[{ value: '', label: 'The default' }, ...suggestions, { value: typed, label: 'Another value…' }]}
        onChange={(choice) => {
          setTyping(choice === typed)
          if (choice !== typed) onChange(choice)
        }}
      />
      {(typing || !known) && (
        <TextField
          label={<span className="sr">Another value</span>}
          value={value}
          onChange={onChange}
          placeholder={placeholder}
          problem={problem}
          help={help}
          mono
          autoFocus={typing}
        />
      )}
    </div>
  )
}

/**
 * What was typed as psql reads it. A name that exists is quoted, since unquoted it would be folded to lower case and its
 * dots and stars would have a meaning; anything else is a pattern and stays as typed.
 */
export function patternEntry(text: string, names: KnownNames): string {
  const entry = text.trim()
  return Object.hasOwn(names, entry) ? (names[entry] ?? entry) : entry
}
