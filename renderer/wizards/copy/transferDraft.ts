// The draft of a copy from one server's table into another's, and how it becomes a request.
import { z } from 'zod'
import { type TransferRequest, transferRequest } from '../../../shared/contracts/copy'
import { guessMapping, type Mapping, mappingProblem, type TargetColumn, takers } from './mapping'

export const transferSteps = ['source', 'destination', 'review'] as const
export type TransferStep = (typeof transferSteps)[number]

export const transferDraft = z.object({
  step: z.enum(transferSteps),
  database: z.string().max(4096),
  schema: z.string().max(4096),
  name: z.string().max(4096),
  toConnectionId: z.string().max(100),
  toDatabase: z.string().max(4096),
  toSchema: z.string().max(4096),
  toName: z.string().max(4096),
  /** By the source's columns; null: by name. */
  mapping: z.array(z.string().nullable()).nullable(),
  truncate: z.boolean(),
})
export type TransferDraft = z.infer<typeof transferDraft>

export const emptyTransferDraft: TransferDraft = {
  step: 'source',
  database: '',
  schema: '',
  name: '',
  toConnectionId: '',
  toDatabase: '',
  toSchema: '',
  toName: '',
  mapping: null,
  truncate: false,
}

/** The columns of both tables, once they are known. */
export interface TransferBase {
  source?: readonly TargetColumn[] | undefined
  target?: readonly TargetColumn[] | undefined
}

export function chooseFrom(draft: TransferDraft, database: string, schema: string, name: string): TransferDraft {
  if (draft.database === database && draft.schema === schema && draft.name === name) return draft
  return { ...draft, database, schema, name, mapping: null }
}

export function chooseTo(
  draft: TransferDraft,
  to: { connectionId: string; database: string; schema: string; name: string },
): TransferDraft {
  return {
    ...draft,
    toConnectionId: to.connectionId,
    toDatabase: to.database,
    toSchema: to.schema,
    toName: to.name,
    mapping: null,
    truncate: false,
  }
}

export function sourceColumns(base: TransferBase): string[] {
  return takers(base.source ?? []).map(({ name }) => name)
}

/** By name: two tables whose columns only stand in another order must not have their values exchanged. */
export function transferMapping(draft: TransferDraft, base: TransferBase): Mapping {
  const columns = sourceColumns(base)
  if (draft.mapping !== null && draft.mapping.length === columns.length) return draft.mapping
  return guessMapping(columns, base.target ?? [], true)
}

export function transferStepProblem(draft: TransferDraft, base: TransferBase, step: TransferStep, connectionId: string): string {
  if (step === 'source') {
    if (draft.database === '') return 'Choose a database first'
    return draft.name === '' ? 'Choose a table first' : ''
  }
  if (step !== 'destination') return ''
  if (draft.toConnectionId === '') return 'Choose the server to copy to'
  if (draft.toDatabase === '') return 'Choose a database on it'
  if (draft.toName === '') return 'Choose the table to copy into'
  const same =
    draft.toConnectionId === connectionId &&
    draft.toDatabase === draft.database &&
    draft.toSchema === draft.schema &&
    draft.toName === draft.name
  if (same) return 'This is the source itself: choose another table'
  if (base.source === undefined || base.target === undefined) return 'Reading the columns of both tables…'
  return mappingProblem(transferMapping(draft, base), base.target)
}

/** undefined while the draft is not complete enough to be asked about. The columns are always named, on both sides. */
export function transferRequestOf(draft: TransferDraft, base: TransferBase, connectionId: string): TransferRequest | undefined {
  const open = (['source', 'destination'] as const).some((step) => transferStepProblem(draft, base, step, connectionId) !== '')
  if (open) return undefined
  const pairs = transferMapping(draft, base).flatMap((to, index) => {
    const from = sourceColumns(base)[index]
    return to === null || from === undefined ? [] : [{ from, to }]
  })
  return {
    kind: 'transfer',
    connectionId,
    database: draft.database,
    source: { kind: 'table', schema: draft.schema, name: draft.name, columns: pairs.map(({ from }) => from) },
    to: {
      connectionId: draft.toConnectionId,
      database: draft.toDatabase,
      schema: draft.toSchema,
      name: draft.toName,
      columns: pairs.map(({ to }) => to),
    },
    truncate: draft.truncate,
  }
}

/** A past job's request as a draft. Which columns went where is told by name again where it was by name. */
export function draftOfTransferJob(
  input: unknown,
  base: TransferBase,
): { connectionId: string; draft: TransferDraft } | undefined {
  const parsed = transferRequest.safeParse(input)
  if (!parsed.success || parsed.data.source.kind !== 'table') return undefined
  const { connectionId, database, source, to, truncate } = parsed.data
  const [from, into] = [source.columns, to.columns]
  const mapping =
    from === null || into === null
      ? null
      : sourceColumns(base).map((name) => {
          const at = from.indexOf(name)
          return at === -1 ? null : (into[at] ?? null)
        })
  return {
    connectionId,
    draft: {
      step: 'review',
      database,
      schema: source.schema,
      name: source.name,
      toConnectionId: to.connectionId,
      toDatabase: to.database,
      toSchema: to.schema,
      toName: to.name,
      mapping: base.source === undefined ? null : mapping,
      truncate,
    },
  }
}
