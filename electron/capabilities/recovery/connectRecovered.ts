// A real connection to the recovered cluster: it must be the backup's own system, and in recovery only where it paused.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { emptyConnectionSettings } from '../../../shared/model/connection'
import { wishWords } from '../../../shared/model/recoveryTarget'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { withClient } from '../../postgres/withClient'
import { messageOf } from '../../process/systemError'
import type { ConnectionDraft } from '../../services'
import type { RecoveryServices } from './parts'
import type { RecoveryPlan } from './planRecovery'
import { clusterOf } from './startRecovered'

const question = `SELECT system_identifier::text || ' ' || pg_catalog.pg_is_in_recovery()::text AS answer FROM pg_catalog.pg_control_system()`

export interface Connected {
  /** How it was asked, in words. */
  how: string
  /** The connection that was added; '' when none was. */
  label: string
  /** Its id; null when none was added. */
  connectionId: string | null
  /** Why no login succeeded, in a sentence; '' when one did. */
  problem: string
}

export interface ConnectTo {
  port: number
  /** A practice cluster's own connection. */
  connectionId: string | null
  /** It waits at its target: it must still be in recovery then. */
  recovering: boolean
}

interface Expected {
  plan: RecoveryPlan
  recovering: boolean
}

/** Throws AppError conflict when another cluster answers. Without a login that succeeds it says so, and is no failure. */
export async function connectRecovered(
  job: JobContext,
  services: RecoveryServices,
  plan: RecoveryPlan,
  { port, connectionId, recovering }: ConnectTo,
): Promise<Connected> {
  const expected = { plan, recovering }
  if (connectionId !== null) {
    // Asked again by the practice cluster's own connection, after it was started.
    const connection = await services.connections.resolve(connectionId)
    requireSame(expected, await ask(services, connection, job.signal))
    return { how: `as ${connection.settings.user}`, label: connection.label, connectionId: null, problem: '' }
  }
  const { login, drill } = plan.request
  if (drill) {
    const answer = await askAsAccount(services, plan, port)
    if (answer !== null) {
      requireSame(expected, answer)
      return { how: `as ${drill.user}, through its socket`, label: '', connectionId: null, problem: '' }
    }
    throw new AppError('postgres', `Nobody can log in to the recovered cluster as ${drill.user}.`, {
      hint: 'Choose a saved connection whose user is a superuser of the backup.',
    })
  }
  let problem = 'No saved connection was chosen to log in with.'
  if (login !== null) {
    try {
      return await throughLogin(job, services, expected, login, port)
    } catch (error) {
      if (job.signal.aborted || !(error instanceof AppError) || error.code === 'conflict') throw error
      problem = error.message
      job.log(`Logging in failed: ${problem}`, 'warning')
    }
  }
  const answer = await askAsAccount(services, plan, port)
  if (answer === null) return { how: '', label: '', connectionId: null, problem }
  requireSame(expected, answer)
  return { how: `through its socket, as ${plan.accountName}`, label: '', connectionId: null, problem }
}

async function throughLogin(
  job: JobContext,
  services: RecoveryServices,
  expected: Expected,
  login: string,
  port: number,
): Promise<Connected> {
  const { draft, user } = await loginDraft(job, services, login, port)
  for (let tries = 1; ; tries += 1) {
    try {
      const resolved = await services.connections.resolveDraft(draft)
      requireSame(expected, await ask(services, resolved, job.signal))
      break
    } catch (error) {
      // Right after "ready" the doors may still be opening.
      if (job.signal.aborted || !(error instanceof AppError) || error.code === 'conflict' || tries === 5) throw error
      await delay(200)
    }
  }
  const { id, label } = await saveConnection(services, expected.plan, draft)
  return { how: `as ${user}`, label, connectionId: id, problem: '' }
}

/** To the recovered cluster with the user and password of a saved connection. */
export async function loginDraft(
  job: Pick<JobContext, 'hide'>,
  services: RecoveryServices,
  login: string,
  port: number,
): Promise<{ draft: ConnectionDraft; user: string }> {
  const from = await services.connections.resolve(login)
  const saved = services.connections.get(login)
  if (from.password) job.hide(from.password)
  const settings = {
    ...emptyConnectionSettings,
    host: '127.0.0.1',
    port,
    database: 'postgres',
    user: from.settings.user,
    sslmode: 'prefer' as const,
    // A passfile's line may hold for every port; a password that was typed is kept as that of the other connection is.
    passfile: from.passwordFrom === 'passfile' ? saved.settings.passfile : '',
  }
  const typed = from.passwordFrom === 'passfile' && settings.passfile !== '' ? null : from.password
  const password = typed
    ? { kind: 'set' as const, password: typed.reveal(), remember: saved.password === 'encrypted' }
    : { kind: 'none' as const }
  return { draft: { id: null, settings, password }, user: settings.user }
}

export function sayConnected(job: JobContext, { how, problem }: Connected): void {
  if (problem === '') return
  const nothing = { object: '', objectKind: '', entry: '', statement: '', harmless: null, logLine: null }
  const message =
    how === '' ? `The server runs and is consistent, but nobody logged in: ${problem}` : `No connection was saved: ${problem}`
  job.issue({
    ...nothing,
    severity: 'warning',
    message,
    advice: 'Add a connection to it with a user and password of the backup.',
  })
}

async function ask(
  services: RecoveryServices,
  connection: Awaited<ReturnType<RecoveryServices['connections']['resolve']>>,
  signal: AbortSignal,
): Promise<string> {
  return withClient({ connections: services.connections, connection, signal }, async (client) => {
    const { rows } = await client.query<{ answer: string }>(question)
    return rows[0]?.answer ?? ''
  })
}

/** By psql over the socket: pg_hba.conf often lets the account of the server in without a password. null when it does not. */
async function askAsAccount(services: RecoveryServices, plan: RecoveryPlan, port: number): Promise<string | null> {
  const folder = plan.target?.socketFolder ?? plan.settings.socketFolder
  if (folder === '') return null
  const { bin, account } = clusterOf(plan)
  const lines: string[] = []
  const exit = await services.spawn({
    file: join(bin, 'psql'),
    argv: [
      '-X',
      '-A',
      '-t',
      '-w',
      ...(plan.request.drill ? [`--username=${plan.request.drill.user}`] : []),
      `--host=${folder}`,
      `--port=${port}`,
      '--dbname=postgres',
      `--command=${question}`,
    ],
    ...(account ? { runAs: account } : {}),
    onStdout: (line) => lines.push(line),
  })
  return exit.code === 0 ? (lines[0] ?? null) : null
}

function requireSame({ plan: { backup }, recovering: wanted }: Expected, answer: string): void {
  const [identifier, recovering] = answer.split(' ')
  if (backup.systemIdentifier !== null && identifier !== backup.systemIdentifier) {
    throw new AppError(
      'conflict',
      `Another cluster answers there: system identifier ${identifier}, the backup's is ${backup.systemIdentifier}.`,
      {
        hint: 'Something else took the port. Start again with another one.',
      },
    )
  }
  if (wanted && recovering !== 'true') {
    throw new AppError('conflict', 'The server has left recovery although it was to wait at the target.', {
      hint: 'Somebody promoted it. Look at its log.',
    })
  }
  if (!wanted && recovering !== 'false') {
    throw new AppError('conflict', 'The server is still in recovery although it says that it is ready.', {
      hint: 'Was standby.signal put into the data directory? Look at its log.',
    })
  }
}

async function saveConnection(
  services: RecoveryServices,
  { backup, point }: RecoveryPlan,
  draft: Parameters<RecoveryServices['connections']['resolveDraft']>[0],
): Promise<{ id: string; label: string }> {
  // A name is the same on every clock: its time is written so that no page tells it on its own.
  const of = point ? `to ${wishWords(point.wish).replace(' UTC', 'Z')}` : `of ${backup.takenAt.slice(0, 16).replace('T', ' ')}Z`
  const wanted = `${backup.server} ${of}`.slice(0, 190)
  for (let count = 1; ; count += 1) {
    const label = count === 1 ? wanted : `${wanted} (${count})`
    try {
      const { id } = await services.connections.save({ ...draft, label, colour: 'amber', readOnly: false })
      return { id, label }
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'conflict' || count === 50) {
        throw new AppError('internal', `The connection could not be saved: ${messageOf(error)}`, { cause: error })
      }
    }
  }
}
