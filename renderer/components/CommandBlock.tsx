// Shows a command as a person would type it: option names in the accent colour, one line of shell text on the clipboard.
import type { ReactNode } from 'react'
import type { ShownCommand } from '../../shared/jobs/job'
import { formatPgVersion } from '../../shared/model/pgVersion'
import { CopyButton } from './CopyButton'
import './controls.css'

/** What Copy gives: one line for a program, the statement for SQL. */
export function commandText(command: ShownCommand): string {
  return command.kind === 'sql' ? command.words.join('\n') : [command.program, ...command.words].join(' ')
}

export function commandTitle(command: ShownCommand): string {
  if (command.title !== '') return command.title
  return command.version === null ? command.program : `${command.program} ${formatPgVersion(command.version)}`
}

const sqlKeyword = /\b([A-Z][A-Z_]{2,}|AS|ON|IN|TO|BY|OR|IF|IS|NOT)\b/
const quoted = /('(?:[^']|'')*'|"(?:[^"]|"")*")/

function sqlParts(text: string): ReactNode[] {
  return text.split(quoted).flatMap((part, index) =>
    index % 2 === 1
      ? [part]
      : part.split(sqlKeyword).map((word, at) =>
          at % 2 === 1 ? (
            <span className="k" key={`${index}-${at}`}>
              {word}
            </span>
          ) : (
            word
          ),
        ),
  )
}

/** Words into lines of at most `width` characters; a word longer than that has a line of its own. */
export function commandLines(program: string, words: readonly string[], width: number): string[][] {
  const lines: string[][] = [[program]]
  let length = program.length
  for (const word of words) {
    const line = lines[lines.length - 1]
    if (line && length + 1 + word.length + 2 <= width) {
      line.push(word)
      length += 1 + word.length
    } else {
      lines.push([word])
      length = 2 + word.length
    }
  }
  return lines
}

function Word({ word }: { word: string }) {
  const match = /^(--[a-z0-9-]+=?)([\s\S]*)$/.exec(word)
  if (!match) return <>{word}</>
  return (
    <>
      <span className="k">{match[1]}</span>
      {match[2]}
    </>
  )
}

export function CommandText({ command, width = 52, bare = false }: { command: ShownCommand; width?: number; bare?: boolean }) {
  const className = `code${bare ? ' bare' : ''}`
  if (command.kind === 'sql') return <pre className={className}>{sqlParts(command.words.join('\n'))}</pre>
  const lines = commandLines(command.program, command.words, width)
  return (
    <pre className={className}>
      {lines.map((line, index) => (
        <span key={`${index}-${line[0] ?? ''}`}>
          {index > 0 && '  '}
          {line.map((word, at) => (
            <span key={`${at}-${word}`}>
              {at > 0 && ' '}
              <Word word={word} />
            </span>
          ))}
          {index < lines.length - 1 && ' \\\n'}
        </span>
      ))}
    </pre>
  )
}

export interface CommandListProps {
  commands: readonly ShownCommand[]
  /** Characters a line may have before it is broken; four fewer where the commands are numbered, in boxes of their own. */
  width?: number
}

/** A card: one command fills it, several are numbered. */
export function CommandList({ commands, width = 46 }: CommandListProps) {
  const [only] = commands
  const text = commands.map(commandText).join('\n')
  return (
    <section className="card" aria-label={commands.length > 1 ? 'Commands' : 'Command'}>
      <div className="card-head">
        <h2>{commands.length > 1 ? 'Commands' : 'Command'}</h2>
        {commands.length === 1 && only?.version !== undefined && <span className="t3 el">{commandTitle(only)}</span>}
        <span className="sp" />
        {commands.length > 0 && <CopyButton text={text}>{commands.length > 1 ? 'Copy all' : 'Copy'}</CopyButton>}
      </div>
      {commands.length === 0 && <div className="card-body t3">None yet.</div>}
      {commands.length === 1 && only !== undefined && <CommandText command={only} width={width} bare />}
      {commands.length > 1 && (
        <ol className="col g8" style={{ padding: '10px 12px' }}>
          {commands.map((command, index) => (
            <li key={`${index}-${command.title}`} className="col g4">
              <div className="row sm t2 m">
                <span className="step-number">{index + 1}</span>
                {commandTitle(command)}
              </div>
              <CommandText command={command} width={width - 4} />
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
