// A core with a connection to a cluster, and requests for copying with everything but what a test is about filled in.
import fs from 'node:fs'
import type { ExportRequest, ImportRequest } from '../../shared/contracts/copy'
import type { JobSnapshot } from '../../shared/jobs/job'
import type { TestCluster } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'

export interface CopyBench {
  core: TestCore
  connectionId: string
  connect(cluster: TestCluster, login?: { user: string; password: string }, readOnly?: boolean): Promise<string>
  exporting(table: string, path: string, more?: Partial<ExportRequest>): ExportRequest
  importing(table: string, path: string, more?: Partial<ImportRequest>): ImportRequest
  run(request: ExportRequest | ImportRequest): Promise<JobSnapshot>
}

let count = 0

export async function startCopyBench(cluster: TestCluster, database: string): Promise<CopyBench> {
  const core = await startCore()
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, concurrentJobs: 4 })
  const connect: CopyBench['connect'] = async (to, login, readOnly = false) => {
    count += 1
    const saved = await core.api.connections.save({
      id: null,
      label: `pg${to.major} ${count}`,
      colour: 'slate',
      readOnly,
      settings: {
        host: '127.0.0.1',
        port: to.port,
        database: 'postgres',
        user: login?.user ?? 'postgres',
        sslmode: 'disable',
        sslrootcert: '',
        sslcert: '',
        sslkey: '',
        service: '',
        passfile: '',
      },
      password: { kind: 'set', password: login?.password ?? to.password, remember: false },
    })
    return saved.id
  }
  const connectionId = await connect(cluster)
  return {
    core,
    connectionId,
    connect,
    exporting: (name, path, more = {}) => ({
      kind: 'export',
      connectionId,
      database,
      source: { kind: 'table', schema: 'public', name, columns: null },
      place: { kind: 'client', path, compression: 'none', overwrite: false },
      format: 'csv',
      options: {},
      ...more,
    }),
    importing: (name, path, more = {}) => ({
      kind: 'import',
      connectionId,
      database,
      target: { schema: 'public', name, create: null },
      place: { kind: 'client', path },
      format: 'csv',
      options: {},
      mapping: null,
      where: '',
      truncate: false,
      skipBadRows: false,
      maxBadRows: null,
      ...more,
    }),
    run: async (request) => core.ended(await core.api.copy.start(request)),
  }
}

/** Names of a folder that are neither asked for nor expected. */
export function strangers(folder: string, expected: readonly string[]): string[] {
  return fs.readdirSync(folder).filter((name) => !expected.includes(name))
}

/** Rows "id,name,amount" of which every `every`th has a value that is no number, with the lines of those. */
export function badCsv(rows: number, every: number): { text: string; badLines: number[] } {
  const lines = ['id,name,amount']
  const badLines: number[] = []
  for (let i = 1; i <= rows; i += 1) {
    const bad = i % every === Math.floor(every / 2)
    if (bad) badLines.push(i + 1)
    lines.push(`${i},"name ${i}",${bad ? `oops${i}` : i * 2}`)
  }
  return { text: `${lines.join('\n')}\n`, badLines }
}
