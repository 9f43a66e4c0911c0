// Answers the calls of the localClusters contract: the clusters of this machine, and stopping and starting one.
import os from 'node:os'
import type { LocalClusterInfo, localClusters } from '../../../shared/contracts/localClusters'
import type { JobResult } from '../../../shared/jobs/job'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import type { JobContext } from '../../jobs/jobTypes'
import { type Controlled, startLocalCluster, stopLocalCluster } from '../../postgres/controlLocalCluster'
import { type FindServices, findLocalClusters, inspectCluster, requireLocalCluster } from '../../postgres/findLocalClusters'
import type { Services } from '../../services'

type Needs = FindServices & Pick<Services, 'jobs' | 'spawn'>

export function localClustersHandlers(services: Needs): Handlers<typeof localClusters, AbortSignal> {
  return {
    list: (_input, { signal }) => findLocalClusters(services, signal),
    inspect: ({ dataDirectory }, { signal }) => inspectCluster(services, dataDirectory, signal),
    stop: async ({ dataDirectory, confirm, systemIdentifier }, { signal }) => {
      const found = await requireLocalCluster(services, dataDirectory, signal)
      refuseUnlessSame(found.info, confirm, systemIdentifier)
      return start(services, found, 'stop', (job) => runStop(services, found, job))
    },
    start: async ({ dataDirectory }, { signal }) => {
      const found = await requireLocalCluster(services, dataDirectory, signal)
      if (found.info.running) {
        throw new AppError('conflict', `${found.info.name} runs already (process ${found.info.running.pid}).`)
      }
      return start(services, found, 'start', (job) => runStart(services, found, job))
    },
  }
}

/** A stop ends the work of everybody on that server: the name is typed, and the cluster is still the one that was shown. */
function refuseUnlessSame(info: LocalClusterInfo, confirm: string, systemIdentifier: string): void {
  if (confirm !== info.name) {
    throw new AppError('bad_input', `To stop ${describeServer(info)}, type its name: ${info.name}`)
  }
  if (info.control?.systemIdentifier !== systemIdentifier) {
    throw new AppError('conflict', `${info.dataDirectory} holds another cluster than the one that was shown.`, {
      hint: 'Look at the list again.',
    })
  }
  if (!info.running) throw new AppError('conflict', `${info.name} does not run.`, { hint: 'There is nothing to stop.' })
}

/** "15/main on db1, port 5432, system identifier 74..., in /var/lib/postgresql/15/main" */
function describeServer(info: LocalClusterInfo): string {
  const port = info.port === null ? '' : `, port ${info.port}`
  return `${info.name} on ${os.hostname()}${port}, system identifier ${info.control?.systemIdentifier}, in ${info.dataDirectory}`
}

function start(
  services: Needs,
  { info }: Controlled,
  action: 'stop' | 'start',
  run: (job: JobContext) => Promise<JobResult>,
): { jobId: string } {
  const { id } = services.jobs.start({
    capability: 'local-clusters',
    title: `${action === 'stop' ? 'Stop' : 'Start'} ${info.name}`,
    input: { action, dataDirectory: info.dataDirectory },
    connectionId: null,
    serverLabel: info.name,
    steps: [{ id: action, label: action === 'stop' ? 'Shut the server down' : 'Start the server' }],
    onCancel:
      action === 'stop'
        ? 'the shutdown goes on: a server can not take it back'
        : 'the server goes on starting: stop it afterwards',
    locks: [`data:${info.dataDirectory}`],
    run,
  })
  return { jobId: id }
}

async function runStop(services: Needs, found: Controlled, job: JobContext): Promise<JobResult> {
  job.step('stop')
  job.log(`Stopping ${describeServer(found.info)}`)
  const control = await stopLocalCluster(services.spawn, found)
  job.endStep('stop', 'done', `pg_controldata says "${control.state}"`)
  return {
    headline: `${found.info.name} was shut down cleanly.`,
    facts: [
      { label: 'State', value: control.state, mono: true },
      { label: 'Latest checkpoint', value: control.checkpoint, mono: true },
      { label: 'Data directory', value: found.info.dataDirectory, mono: true },
    ],
    backupPath: null,
    database: null,
  }
}

async function runStart(services: Needs, found: Controlled, job: JobContext): Promise<JobResult> {
  job.step('start')
  const { pid } = await startLocalCluster(services.spawn, found)
  job.endStep('start', 'done', `process ${pid}`)
  return {
    headline: `${found.info.name} runs and takes connections.`,
    facts: [
      { label: 'Process', value: String(pid), mono: true },
      ...(found.info.port === null ? [] : [{ label: 'Port', value: String(found.info.port), mono: true }]),
    ],
    backupPath: null,
    database: null,
  }
}

/** For "run again": only a start; a stop wants its confirmation typed. */
export async function restartLocalCluster(): Promise<{ jobId: string }> {
  throw new AppError('bad_input', "This can't be run again from here.", { hint: 'Do it again where the cluster is shown.' })
}
