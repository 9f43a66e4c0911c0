// Saves the settings files that are outside the server's data directory, read through the server itself.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { formatBytes } from '../../../shared/model/byteCount'
import type { JobContext } from '../../jobs/jobTypes'
import { withClient } from '../../postgres/withClient'
import { messageOf } from '../../process/systemError'
import type { Services } from '../../services'
import { blankIssue } from './baseMessages'
import { type BaseBackupPlan, settingsName } from './planBaseBackup'

export interface SavedSetting {
  original: string
  /** Relative to the backup's folder, with forward slashes. */
  path: string
}

/** A file that can't be read becomes a warning: the backup is whole without it. `warn` hears of each. */
export async function copySettings(
  job: JobContext,
  services: Pick<Services, 'connections'>,
  plan: BaseBackupPlan,
  asked: boolean,
  warn: (text: string) => void,
): Promise<SavedSetting[]> {
  job.step('settings')
  const files = plan.source.configuration
  if (files.length === 0)
    return skip(job, plan.source.dataDirectory === null ? 'where they are is not known' : 'inside the data directory')
  if (!asked) return skip(job, 'not asked for')
  if (!plan.source.mayReadFiles) {
    // The checks said which, and what the role needs.
    job.endStep('settings', 'warning', 'not readable for this role')
    return []
  }
  const saved: SavedSetting[] = []
  let bytes = 0
  const work = { connections: services.connections, connection: plan.connection, signal: job.signal }
  await withClient(work, async (client) => {
    for (const original of files) {
      try {
        const { rows } = await client.query<{ content: Buffer }>('SELECT pg_catalog.pg_read_binary_file($1) AS content', [
          original,
        ])
        const content = rows[0]?.content ?? Buffer.alloc(0)
        const relative = settingsPath(original)
        const target = path.join(plan.place.partial, ...relative.split('/'))
        await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
        // hba and ident files can hold secrets of other services. Flushed with the checksums.
        await writeFile(target, content, { mode: 0o600, flag: 'wx' })
        saved.push({ original, path: relative })
        bytes += content.length
        job.log(`Saved ${original}, ${formatBytes(content.length)}`)
      } catch (error) {
        if (job.signal.aborted || (error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
        warnOf(job, warn, `${original} could not be saved: ${messageOf(error)}`)
      }
    }
  })
  const state = saved.length === files.length ? 'done' : 'warning'
  job.endStep('settings', state, `${saved.length} of ${files.length} files, ${formatBytes(bytes)}`)
  return saved
}

function skip(job: JobContext, why: string): [] {
  job.endStep('settings', 'skipped', why)
  return []
}

function warnOf(job: JobContext, warn: (text: string) => void, message: string): void {
  warn(message)
  job.issue({ ...blankIssue, severity: 'warning', message, advice: 'Save it by hand: the backup itself is whole without it.' })
}

/** `/etc/postgresql/15/main/pg_hba.conf` becomes `settings/etc/postgresql/15/main/pg_hba.conf`; no step leads out of there. */
export function settingsPath(original: string): string {
  const parts = original
    .replaceAll('\\', '/')
    .replace(/^([A-Za-z]):/, '$1')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map((part) => (part === '..' ? '_up' : part))
  return [settingsName, ...parts].join('/')
}
