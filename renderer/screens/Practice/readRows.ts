// Reads the sample database for the lab: the exact row count of each table, and the first rows of one.
import { api } from '../../rpc/api'
import { type RowCounts, type RowSample, sampleDatabase } from './labSteps'

const sampleRows = 3
const sampleColumns = 4

export interface ReadRows {
  counts: RowCounts
  sample: RowSample
}

/** Throws AppError; a table whose exact count did not come in time is left out of the counts. */
export async function readRows(connectionId: string, signal: AbortSignal): Promise<ReadRows> {
  const database = { connectionId, database: sampleDatabase }
  const { tables } = await api.objects.tables(database, { signal })
  // Rows of a partitioned table are those of its partitions: counting both would count twice.
  const stored = tables.filter(({ kind }) => kind === 'table' || kind === 'partition')
  const counts: RowCounts = {}
  let sample: RowSample = { table: '', lines: [] }
  const preferred = stored.find(({ name }) => name === 'customers') ?? stored[0]
  for (const table of stored) {
    const read = await api.objects.rows({ ...database, schema: table.schema, name: table.name, limit: sampleRows }, { signal })
    const name = `${table.schema}.${table.name}`
    if (read.count !== null) counts[name] = read.count
    if (table === preferred)
      sample = { table: name, lines: read.rows.map((row) => row.slice(0, sampleColumns).map(cell).join(' | ')) }
  }
  return { counts, sample }
}

/** NULL and the empty string are different things and look different. */
function cell(value: string | null): string {
  if (value === null) return 'NULL'
  const text = value === '' ? "''" : value
  return text.length > 28 ? `${text.slice(0, 27)}…` : text
}
