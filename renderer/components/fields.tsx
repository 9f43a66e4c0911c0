// Text fields, selects, ticks, radio rows and switches: 32 px high, label above in 12/16, help or the problem below.
import { type InputHTMLAttributes, type ReactNode, type Ref, useEffect, useId, useRef } from 'react'
import { Icon, type IconName } from './Icon'
import './controls.css'

interface FieldFrame {
  label: ReactNode
  help?: ReactNode
  /** What is wrong with the value; replaces the help. */
  problem?: string | undefined
  className?: string
}

function Below({ id, help, problem }: { id: string; help?: ReactNode; problem?: string | undefined }) {
  if (problem !== undefined && problem !== '') {
    return (
      <span className="help bad" id={id} role="alert">
        <Icon name="block" size={14} />
        {problem}
      </span>
    )
  }
  return help === undefined ? null : (
    <span className="help" id={id}>
      {help}
    </span>
  )
}

type NativeInput = Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'onChange' | 'size' | 'className'>

export interface TextFieldProps extends FieldFrame, NativeInput {
  value: string
  onChange: (value: string) => void
  mono?: boolean
  icon?: IconName
  /** Stands inside, at the right: "bytes", "ms". */
  unit?: ReactNode
  /** Buttons inside, at the right. */
  end?: ReactNode
  inputRef?: Ref<HTMLInputElement>
}

export function TextField(props: TextFieldProps) {
  const { label, help, problem, className = '', value, onChange, mono, icon, unit, end, inputRef, disabled, ...input } = props
  const id = useId()
  const bad = problem !== undefined && problem !== ''
  return (
    <div className={`field ${className}`}>
      <label htmlFor={id}>{label}</label>
      <div className={`in${bad ? ' bad' : ''}${disabled === true ? ' off' : ''}`}>
        {icon !== undefined && <Icon name={icon} />}
        <input
          id={id}
          ref={inputRef}
          className={mono === true ? 'mono' : undefined}
          value={value}
          disabled={disabled}
          onChange={(event) => onChange(event.target.value)}
          aria-invalid={bad || undefined}
          aria-describedby={bad || help !== undefined ? `${id}-below` : undefined}
          autoComplete="off"
          spellCheck={false}
          {...input}
        />
        {unit !== undefined && <span className="unit">{unit}</span>}
        {end}
      </div>
      <Below id={`${id}-below`} help={help} problem={problem} />
    </div>
  )
}

export interface TextAreaProps extends FieldFrame {
  value: string
  onChange: (value: string) => void
  rows?: number
  mono?: boolean
  placeholder?: string
  disabled?: boolean
}

export function TextArea({
  label,
  help,
  problem,
  className = '',
  value,
  onChange,
  rows = 3,
  mono,
  placeholder,
  disabled,
}: TextAreaProps) {
  const id = useId()
  const bad = problem !== undefined && problem !== ''
  return (
    <div className={`field ${className}`}>
      <label htmlFor={id}>{label}</label>
      <div className={`in area${bad ? ' bad' : ''}${disabled === true ? ' off' : ''}`}>
        <textarea
          id={id}
          rows={rows}
          className={mono === true ? 'mono' : undefined}
          value={value}
          disabled={disabled}
          placeholder={placeholder}
          onChange={(event) => onChange(event.target.value)}
          aria-invalid={bad || undefined}
          aria-describedby={bad || help !== undefined ? `${id}-below` : undefined}
          spellCheck={false}
        />
      </div>
      <Below id={`${id}-below`} help={help} problem={problem} />
    </div>
  )
}

export interface SelectOption<V extends string> {
  value: V
  label: string
  disabled?: boolean
}

export interface SelectFieldProps<V extends string> extends FieldFrame {
  value: V
  onChange: (value: V) => void
  options: readonly SelectOption<V>[]
  disabled?: boolean
  mono?: boolean
}

export function SelectField<V extends string>(props: SelectFieldProps<V>) {
  const { label, help, problem, className = '', value, onChange, options, disabled, mono } = props
  const id = useId()
  const bad = problem !== undefined && problem !== ''
  return (
    <div className={`field ${className}`}>
      <label htmlFor={id}>{label}</label>
      <div className={`in select${bad ? ' bad' : ''}${disabled === true ? ' off' : ''}`}>
        <select
          id={id}
          className={mono === true ? 'mono' : undefined}
          value={value}
          disabled={disabled}
          aria-invalid={bad || undefined}
          aria-describedby={bad || help !== undefined ? `${id}-below` : undefined}
          onChange={(event) => {
            const chosen = options.find((option) => option.value === event.target.value)
            if (chosen) onChange(chosen.value)
          }}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
        <Icon name="down" />
      </div>
      <Below id={`${id}-below`} help={help} problem={problem} />
    </div>
  )
}

export interface TickProps {
  /** 'mixed' draws the dash; a click on it asks for true. */
  checked: boolean | 'mixed'
  onChange: (checked: boolean) => void
  /** Text beside the box; without it give `label`. */
  children?: ReactNode
  label?: string
  help?: ReactNode
  disabled?: boolean
  className?: string
  tabIndex?: number
}

export function Tick({ checked, onChange, children, label, help, disabled, className = '', tabIndex }: TickProps) {
  const box = useRef<HTMLInputElement>(null)
  const id = useId()
  useEffect(() => {
    if (box.current) box.current.indeterminate = checked === 'mixed'
  }, [checked])
  return (
    <label className={`tick${disabled === true ? ' off' : ''} ${className}`}>
      <input
        ref={box}
        type="checkbox"
        checked={checked === true}
        disabled={disabled}
        tabIndex={tabIndex}
        aria-label={label}
        aria-describedby={help === undefined ? undefined : id}
        onChange={(event) => onChange(checked === 'mixed' ? true : event.target.checked)}
      />
      {children !== undefined && (
        <span className="col">
          <span>{children}</span>
          {help !== undefined && (
            <span className="t3 sm" id={id}>
              {help}
            </span>
          )}
        </span>
      )}
    </label>
  )
}

export interface RadioRowsProps<V extends string> {
  legend: ReactNode
  value: V
  onChange: (value: V) => void
  options: readonly { value: V; label: ReactNode; help?: ReactNode; disabled?: boolean }[]
}

/** Radio buttons below each other, each with a line of help. */
export function RadioRows<V extends string>({ legend, value, onChange, options }: RadioRowsProps<V>) {
  const name = useId()
  return (
    <fieldset className="col g8">
      <legend className="lab">{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className={`tick${option.disabled === true ? ' off' : ''}`}>
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            disabled={option.disabled}
            onChange={() => onChange(option.value)}
          />
          <span className="col">
            <span className="m">{option.label}</span>
            {option.help !== undefined && <span className="t3 sm">{option.help}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}

export interface SwitchProps {
  checked: boolean
  onChange: (checked: boolean) => void
  children: ReactNode
  /** The words stand left of the switch (as in the log's head). */
  before?: boolean
  disabled?: boolean
}

export function Switch({ checked, onChange, children, before = false, disabled }: SwitchProps) {
  return (
    <label className="switch">
      {before && <span>{children}</span>}
      <input
        type="checkbox"
        role="switch"
        aria-checked={checked}
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
      />
      {!before && <span>{children}</span>}
    </label>
  )
}
