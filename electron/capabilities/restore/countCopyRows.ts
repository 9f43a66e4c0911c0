// Counts the rows of each COPY in a script of pg_restore or pg_dump as it streams by, whatever they hold and however long they are.
import { nameOf, sqlTokens } from '../../library/sqlText'
import { connectedDatabase } from './scriptCommands'

export interface CopiedTable {
  /** As the last \connect before it says; null before any. */
  database: string | null
  schema: string
  name: string
  rows: number
}

export interface CopyCounter {
  chunk(data: Buffer): void
  end(): { tables: CopiedTable[]; inserts: boolean; whole: boolean }
}

const newline = 10
const startLimit = 1024 * 1024

export function countCopyRows(): CopyCounter {
  const tables = new Map<string, CopiedTable>()
  let inserts = false
  let copying: CopiedTable | null = null
  let database: string | null = null
  /** A COPY whose column names hold line breaks goes on over lines. */
  let statement = ''
  /** The line so far: only its first bytes while rows are counted, since rows can be as long as 1 GB. */
  let line: Buffer[] = []
  let length = 0

  const add = (part: Buffer) => {
    if (length < (copying ? 3 : startLimit)) line.push(Buffer.from(copying ? part.subarray(0, 3) : part))
    length += part.length
  }
  const endLine = () => {
    const text = copying && length > 2 ? '' : Buffer.concat(line).toString('utf8')
    const wasLong = length > 2
    line = []
    length = 0
    if (copying) {
      if (!wasLong && text === '\\.') copying = null
      else copying.rows += 1
      return
    }
    if (text.startsWith('INSERT INTO ')) inserts = true
    if (statement === '' && text.startsWith('\\connect ')) database = connectedDatabase(text.slice('\\connect '.length))
    if (statement === '' && !text.startsWith('COPY ')) return
    statement += statement === '' ? text : `\n${text}`
    if (!statement.endsWith(' FROM stdin;')) return
    copying = tableOf(statement)
    statement = ''
  }
  const tableOf = (text: string): CopiedTable => {
    const tokens = sqlTokens(text)
    const [first, second] = [nameOf(tokens[1]) ?? '', tokens[2]?.text === '.' ? nameOf(tokens[3]) : undefined]
    const [schema, name] = second === undefined ? ['public', first] : [first, second]
    const key = JSON.stringify([database, schema, name])
    const table = tables.get(key) ?? { database, schema, name, rows: 0 }
    tables.set(key, table)
    return table
  }
  return {
    chunk(data) {
      let at = 0
      for (let end = data.indexOf(newline); end >= 0; end = data.indexOf(newline, at)) {
        if (copying && length === 0 && end - at > 2) {
          copying.rows += 1
        } else {
          add(data.subarray(at, end))
          endLine()
        }
        at = end + 1
      }
      if (at < data.length) add(data.subarray(at))
    },
    end: () => ({ tables: [...tables.values()], inserts, whole: copying === null && statement === '' }),
  }
}
