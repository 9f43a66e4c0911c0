// practice: clusters of one's own, to learn and try on.
import { z } from 'zod'
import type { practice } from '../../../shared/contracts/practice'
import { practiceNames } from '../../../shared/contracts/practice'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import type { JobContext, JobDefinition } from '../../jobs/jobTypes'
import { findPostmaster } from '../../postgres/localClusterState'
import type { Services } from '../../services'
import { runExercise } from './exercises'
import { fillSteps } from './fillSample'
import { listPractice } from './listPractice'
import {
  holdsSomething,
  notOurs,
  type PracticeFolder,
  type PracticeName,
  practiceFolder,
  readMarker,
  requireMarker,
} from './practiceFolder'
import { readHost } from './practiceHost'
import { connectionIdOf, ensureConnection } from './practiceServer'
import { runFill, runRemove, runStart, runStop } from './runControl'
import { runMake, stepsOfMake } from './runMake'

const storedInput = z.discriminatedUnion('action', [
  z.object({ action: z.literal('make'), name: z.enum(practiceNames), folder: z.string(), fill: z.boolean() }),
  z.object({ action: z.enum(['start', 'stop', 'fill', 'remove']), name: z.enum(practiceNames) }),
])

type StoredInput = z.infer<typeof storedInput>
type PracticeHandlers = Handlers<typeof practice, AbortSignal>

export function practiceHandlers(services: Services): PracticeHandlers {
  return {
    list: async () => {
      const [clusters, host] = await Promise.all([listPractice(services), readHost(services)])
      return {
        clusters,
        installations: host.installations.map(({ folder, version }) => ({ folder, version })),
        account: host.accountText,
        problem: host.problem,
      }
    },
    make: async ({ name, folder: bin, fill }) => {
      const folder = practiceFolder(services.paths, name)
      if (name === 'replica' && fill) {
        throw new AppError('bad_input', 'The replica stays empty: it is there to recover into.', {
          hint: 'Make it without sample data.',
        })
      }
      const host = await readHost(services, true)
      if (host.problem) throw new AppError('preflight', host.problem.message, { hint: host.problem.hint })
      const installation = host.installations.find((candidate) => candidate.folder === bin)
      if (!installation) {
        throw new AppError('tool_missing', `There is no PostgreSQL server in ${bin || 'that folder'}.`, {
          hint: 'Choose one of the installations found.',
        })
      }
      const marker = await readMarker(folder)
      if (marker?.finished) {
        throw new AppError('conflict', `There is already a practice cluster ${name}.`, { hint: 'Remove it first, or start it.' })
      }
      if (!marker && (await holdsSomething(folder.folder))) throw notOurs(folder)
      return start(services, folder, {
        title: `Make practice cluster ${name} (PostgreSQL ${formatPgVersion(installation.version)})`,
        input: { action: 'make', name, folder: bin, fill },
        steps: stepsOfMake(fill),
        onCancel: 'the server is stopped; the unfinished cluster stays until it is made anew or removed',
        run: (context) => runMake(services, context, folder, { bin, version: installation.version, fill }),
      })
    },
    start: async ({ name }) => {
      const folder = await finishedFolder(services, name)
      const running = await findPostmaster(folder.data)
      if (running) {
        throw new AppError('conflict', `Practice cluster ${name} runs already${running.port ? `, on port ${running.port}` : ''}.`)
      }
      return start(services, folder, {
        title: `Start practice cluster ${name}`,
        input: { action: 'start', name },
        steps: [{ id: 'start', label: 'Start the server and connect' }],
        onCancel: 'the server is stopped again',
        run: (context) => runStart(services, context, folder),
      })
    },
    stop: async ({ name }) => {
      const folder = await runningFolder(services, name)
      return start(services, folder, {
        title: `Stop practice cluster ${name}`,
        input: { action: 'stop', name },
        steps: [{ id: 'stop', label: 'Shut the server down' }],
        onCancel: 'the shutdown goes on: a server can not take it back',
        run: (context) => runStop(services, context, folder),
      })
    },
    fill: async ({ name }) => {
      if (name === 'replica') {
        throw new AppError('bad_input', 'The replica stays empty: it is there to recover into.', { hint: 'Fill main instead.' })
      }
      const folder = await runningFolder(services, name)
      await ensureConnection(services, folder)
      services.connections.requireWritable(connectionIdOf(name), 'Filling')
      return start(services, folder, {
        title: `Fill practice cluster ${name} with sample data`,
        input: { action: 'fill', name },
        steps: fillSteps,
        onCancel: 'the databases shop and course stay as they were',
        run: (context) => runFill(services, context, folder),
      })
    },
    exercise: async ({ exercise }, { signal }) => {
      const folder = await runningFolder(services, 'main')
      await ensureConnection(services, folder)
      services.connections.requireWritable(connectionIdOf('main'), 'The exercise')
      return runExercise(services, exercise, signal)
    },
    remove: async ({ name, confirm }) => {
      const folder = practiceFolder(services.paths, name)
      await requireMarker(folder)
      if (confirm !== name) {
        throw new AppError('bad_input', `To remove practice cluster ${name} with all data in it, type its name: ${name}`)
      }
      return start(services, folder, {
        title: `Remove practice cluster ${name}`,
        input: { action: 'remove', name },
        steps: [
          { id: 'stop', label: 'Stop the server' },
          { id: 'remove', label: 'Delete the folder and the connection' },
        ],
        onCancel: 'before the deletion begins nothing is lost; after that the rest can be removed later',
        run: (context) => runRemove(services, context, folder),
      })
    },
  }
}

/** Runs a practice job's stored request again. A removal is not among them: it wants its confirmation typed. */
export async function restartPractice(handlers: PracticeHandlers, input: unknown): Promise<{ jobId: string }> {
  const stored = storedInput.safeParse(input)
  const context = { signal: new AbortController().signal }
  if (stored.success) {
    const { action, name } = stored.data
    const { fill } = handlers
    if (action === 'make') return handlers.make(stored.data, context)
    if (action === 'start') return handlers.start({ name }, context)
    if (action === 'stop') return handlers.stop({ name }, context)
    if (action === 'fill') return fill({ name }, context)
  }
  throw new AppError('bad_input', "This can't be run again from here.", { hint: 'Start it on the Practice page.' })
}

type Definition = Pick<JobDefinition<StoredInput>, 'title' | 'input' | 'steps' | 'onCancel'> & {
  run(context: JobContext): ReturnType<JobDefinition<StoredInput>['run']>
}

function start(services: Services, folder: PracticeFolder, definition: Definition): { jobId: string } {
  const connection = services.connections.list().find(({ practice }) => practice === folder.name)
  const job = services.jobs.start<StoredInput>({
    ...definition,
    capability: 'practice',
    connectionId: connection?.id ?? null,
    serverLabel: connection?.label ?? `practice ${folder.name}`,
    locks: [`data:${folder.data}`],
  })
  return { jobId: job.id }
}

/** Throws AppError not_found without one, conflict while it is unfinished. */
async function finishedFolder(services: Services, name: PracticeName): Promise<PracticeFolder> {
  const folder = practiceFolder(services.paths, name)
  const marker = await requireMarker(folder)
  if (!marker.finished) {
    throw new AppError('conflict', `Practice cluster ${name} is unfinished: making it was interrupted.`, {
      hint: 'Make it anew, or remove it.',
    })
  }
  return folder
}

async function runningFolder(services: Services, name: PracticeName): Promise<PracticeFolder> {
  const folder = await finishedFolder(services, name)
  if (await findPostmaster(folder.data)) return folder
  throw new AppError('conflict', `Practice cluster ${name} does not run.`, { hint: 'Start it first.' })
}
