// Starts the server of a recovered cluster that was promoted: a cluster of its own, which goes on where it ended.
import type { JobResult } from '../../../../shared/jobs/job'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { startCluster } from '../../../postgres/localCluster'
import { findPostmaster, type LocalCluster } from '../../../postgres/localClusterState'
import { ownerOf } from '../../../process/runAs'
import { messageOf } from '../../../process/systemError'
import type { RecoveryServices } from '../parts'
import { controlOf, logFileOf } from './askLook'
import { type LookRecord, locksOf, withLook } from './lookRecord'

const steps = [
  { id: 'start', label: 'Start' },
  { id: 'connect', label: 'Connect' },
] as const

export function startPromoted(services: RecoveryServices, record: LookRecord): { jobId: string } {
  const { id } = services.jobs.start({
    capability: 'recovery-look',
    title: `Start ${record.server}, promoted, on port ${record.port}`,
    input: { jobId: record.jobId, action: 'start', destination: record.destination },
    connectionId: null,
    serverLabel: record.server,
    steps,
    onCancel: 'The server is stopped again.',
    locks: locksOf(record),
    run: (job) => run(services, record, job),
  })
  return { jobId: id }
}

async function run(services: RecoveryServices, record: LookRecord, job: JobContext): Promise<JobResult> {
  const { dataDirectory, port } = record
  job.step('start')
  const { bin } = await controlOf(services, dataDirectory)
  const cluster: LocalCluster = { bin, dataDirectory, account: await ownerOf(dataDirectory), logFile: logFileOf(dataDirectory) }
  const { recovered } = await startCluster(services.spawn, cluster, {
    settings: { lc_messages: 'C', log_destination: 'stderr', logging_collector: 'off', log_line_prefix: '%m [%p] ' },
    signal: job.signal,
    patient: true,
    probe: async () => undefined,
    onLine: (line) => job.log(line),
  })
  job.endStep('start', 'done', recovered ? 'after crash recovery' : 'it had been shut down')
  job.step('connect')
  let who = ''
  try {
    who = await withLook(services, record, { signal: job.signal }, async (client) => {
      const { rows } = await client.query<{ recovering: boolean; own: string }>(
        'SELECT pg_catalog.pg_is_in_recovery() AS recovering, CURRENT_USER::pg_catalog.text AS own',
      )
      if (rows[0]?.recovering !== false) {
        throw new AppError('postgres', 'The server is in recovery, although it was promoted.', { hint: 'Look at its log.' })
      }
      return rows[0].own
    })
    job.endStep('connect', 'done', `as ${who}`)
  } catch (error) {
    job.signal.throwIfAborted()
    job.log(`Logging in failed: ${messageOf(error)}`, 'warning')
    job.endStep('connect', 'warning', 'nobody logged in')
  }
  const running = await findPostmaster(dataDirectory)
  if (!running) throw new AppError('postgres', 'The server ended right after its start.', { hint: `Its log: ${cluster.logFile}` })
  const fact = (label: string, value: string, mono = false) => ({ label, value, mono })
  return {
    headline: `${record.server}, promoted, runs again on port ${port}.`,
    facts: [
      fact('Data directory', dataDirectory, true),
      fact('Port', String(port), true),
      fact('Process', String(running.pid), true),
      ...(recovered ? [fact('Start', 'it went through crash recovery')] : []),
      fact('Asked', who === '' ? 'nobody logged in' : `as ${who}: it is out of recovery`),
    ],
    backupPath: null,
    database: null,
  }
}
