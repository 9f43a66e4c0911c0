// Keeps the rows that a table did not take: as they stand in the file, and beside them a CSV with line, column, value and reason.
import { Buffer } from 'node:buffer'
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { JobContext } from '../../jobs/jobTypes'
import { type ClientOutput, openOutput } from './clientOutput'

export interface Reject {
  bytes: Uint8Array
  line: number
  /** Of its first byte among those that were read. */
  offset: number
  column: string
  value: string | null
  reason: string
}

export interface RejectFiles {
  readonly count: number
  /** '' as long as there is no bad row. */
  readonly rowsPath: string
  readonly reasonsPath: string
  add(rejects: readonly Reject[]): Promise<void>
  /** On disk, still under partial names. */
  flush(): Promise<void>
  publish(): Promise<void>
}

/** orders.csv.gz: the rows go to orders.rejected.csv and the reasons to orders.rejected.reasons.csv; a number where that exists. */
export function rejectNames(file: string): { rows: string; reasons: string } {
  const { dir, name, ext } = path.parse(file.replace(/\.(gz|zst)$/i, ''))
  for (let n = 1; ; n += 1) {
    const stem = path.join(dir, `${name}.rejected${n === 1 ? '' : `-${n}`}`)
    const names = { rows: `${stem}${ext}`, reasons: `${stem}.reasons.csv` }
    const taken = Object.values(names).some((one) => existsSync(one) || existsSync(`${one}.partial`))
    if (!taken) return names
  }
}

/** `header`: the file's first line, so that the rejected rows can be imported like the file. */
export function openRejects(job: JobContext, file: string, header: () => Uint8Array | null): RejectFiles {
  let outputs: { rows: ClientOutput; reasons: ClientOutput } | undefined
  let count = 0
  const newline = Buffer.from('\n')
  const open = async () => {
    const names = rejectNames(file)
    for (const final of Object.values(names)) job.output({ partial: `${final}.partial`, final })
    const rows = await openOutput(names.rows, `${names.rows}.partial`, 'none')
    job.onCleanup('removing the unfinished reject file', () => rows.discard())
    const reasons = await openOutput(names.reasons, `${names.reasons}.partial`, 'none')
    job.onCleanup('removing the unfinished file of reasons', () => reasons.discard())
    const first = header()
    if (first) await rows.write([first, newline])
    await reasons.write([Buffer.from('line,column,value,reason\n')])
    return { rows, reasons }
  }
  return {
    get count() {
      return count
    },
    get rowsPath() {
      return outputs?.rows.final ?? ''
    },
    get reasonsPath() {
      return outputs?.reasons.final ?? ''
    },
    add: async (rejects) => {
      if (rejects.length === 0) return
      outputs ??= await open()
      count += rejects.length
      await outputs.rows.write(rejects.flatMap(({ bytes }) => [bytes, newline]))
      const lines = rejects.map(({ line, column, value, reason }) =>
        [String(line), column, value ?? '', reason].map(quoted).join(','),
      )
      await outputs.reasons.write([Buffer.from(`${lines.join('\n')}\n`)])
    },
    flush: async () => {
      await outputs?.rows.flush()
      await outputs?.reasons.flush()
    },
    publish: async () => {
      await outputs?.rows.publish(false)
      await outputs?.reasons.publish(false)
    },
  }
}

function quoted(text: string): string {
  const plain = text.replaceAll('\0', '\ufffd')
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
