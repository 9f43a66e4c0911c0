// What reading a script once shows of it.
import type { ScriptText } from './scriptText'

export const maximumNames = 10_000

export interface ScriptFacts {
  kind: 'database' | 'cluster' | 'other'
  serverVersion: string | null
  dumpVersion: string | null
  createdAt: string | null
  /** As the script says by SET client_encoding. */
  encoding: string | null
  text: ScriptText
  restricted: boolean
  /** Commands of psql that it is not let run, in order. */
  refused: { line: number; text: string; why: string }[]
  /** How often rows follow a COPY, and the first row that would be a command were it not one. */
  copies: number
  rowCommand: { line: number; text: string; why: string } | null
  /** Variables of psql that it uses and does not set. */
  unsetVariables: { line: number; name: string }[]
  /** Where it turns ON_ERROR_STOP off, or AUTOCOMMIT. */
  goesOn: number | null
  holdsBack: number | null
  /** The first statement that ends a transaction, and the first that can't run in one. */
  ownTransaction: { line: number; text: string } | null
  outsideTransaction: { line: number; text: string } | null
  /** The databases it connects to by itself, in order, each once. */
  connects: string[]
  createsDatabases: string[]
  dropsDatabases: string[]
  createsRoles: Set<string>
  createsTablespaces: Set<string>
  extensions: Set<string>
  /** DROP statements: it was dumped with --clean. */
  drops: boolean
  /** Roles it gives objects and rights to, with how often. */
  owners: Map<string, number>
  grantees: Map<string, number>
  tablespaces: Map<string, number>
  entries: Record<string, number>
  /** false: pg_dump's closing line is missing, the file is cut off. null: no pg_dump wrote it. */
  complete: boolean | null
  lines: number
}

export interface ScanState {
  complete: boolean
  /** Between \restrict and \unrestrict. */
  restricting: boolean
  sets: Set<string>
  /** \gset makes variables of whatever a query returns. */
  setsUnknown: boolean
  used: { name: string; line: number }[]
}

export function emptyFacts(text: ScriptText): ScriptFacts {
  return {
    kind: 'other',
    serverVersion: null,
    dumpVersion: null,
    createdAt: null,
    encoding: null,
    text,
    restricted: false,
    refused: [],
    copies: 0,
    rowCommand: null,
    unsetVariables: [],
    goesOn: null,
    holdsBack: null,
    ownTransaction: null,
    outsideTransaction: null,
    connects: [],
    createsDatabases: [],
    dropsDatabases: [],
    createsRoles: new Set(),
    createsTablespaces: new Set(),
    extensions: new Set(),
    drops: false,
    owners: new Map(),
    grantees: new Map(),
    tablespaces: new Map(),
    entries: {},
    complete: null,
    lines: 0,
  }
}

export function remember(list: string[], name: string): void {
  if (name !== '' && !list.includes(name) && list.length < maximumNames) list.push(name)
}
