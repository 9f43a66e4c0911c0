// What is known of an import's file and table: asked again as the draft changes.
import type { ShownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { type ImportBase, type ImportDraft, type ImportStep, importFormat, importOptions, isSplit } from './importDraft'
import { isAbsolutePath } from './paths'

type Answer<K extends 'detectFile' | 'fileSample' | 'columns'> = Asked<Awaited<ReturnType<(typeof api.copy)[K]>>>

export interface ImportFacts {
  base: ImportBase
  file: Answer<'detectFile'>
  sample: Answer<'fileSample'>
  table: Answer<'columns'>
  /** Not everything that the draft names has answered or failed yet. */
  busy: boolean
  /** Why what the step needs is not known. */
  error: (step: ImportStep) => ShownError | null
  again: () => void
}

const sampleRows = 20

export function useImportFacts(connectionId: string, draft: ImportDraft, serverVersion: number | undefined): ImportFacts {
  const path = draft.place === 'client' && isAbsolutePath(draft.path) ? draft.path : undefined
  const file = useAsk(path === undefined ? undefined : { path }, (input, call) => api.copy.detectFile(input, call), {
    delay: 400,
  })
  const detected = path === undefined ? undefined : file.data
  const split = detected !== undefined && isSplit(draft, { detected })
  const sample = useAsk(
    path !== undefined && split
      ? {
          path,
          format: importFormat(draft, { detected }),
          options: importOptions(draft, { detected }),
          limit: sampleRows,
          ...(serverVersion === undefined ? {} : { serverVersion }),
        }
      : undefined,
    (input, call) => api.copy.fileSample(input, call),
    { delay: 300, keep: true },
  )
  const { database, schema, name } = draft
  const table = useAsk(
    draft.target === 'existing' && database !== '' && name !== '' ? { connectionId, database, schema, name } : undefined,
    (input, call) => api.copy.columns(input, call),
  )
  return {
    base: { detected, sample: split ? sample.data : undefined, table: draft.target === 'existing' ? table.data : undefined },
    file,
    sample,
    table,
    busy: file.busy || (split && sample.busy) || table.busy,
    error: (step) => (step === 'file' ? (file.error ?? (split ? sample.error : null)) : step === 'target' ? table.error : null),
    again: () => {
      file.again()
      sample.again()
      table.again()
    },
  }
}
