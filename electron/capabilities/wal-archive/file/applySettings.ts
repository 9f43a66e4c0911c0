// Gives a server new archive settings by ALTER SYSTEM, takes them back when one is refused, and sees that they are in force.
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { messageOf } from '../../../process/systemError'
import { alterStatement, type FilePlan } from './planFile'

const reloadMs = 10_000

type Planned = Pick<FilePlan, 'source' | 'changes' | 'wanted' | 'statements'>

/** All of them, or none: one that is refused takes the earlier ones back. ALTER SYSTEM can't run in a transaction. */
export async function alterSettings(client: Client, job: Pick<JobContext, 'log'>, plan: Planned): Promise<void> {
  const done: string[] = []
  for (const statement of plan.statements) {
    try {
      await client.query(statement)
      done.push(statement)
      job.log(`${statement};`)
    } catch (error) {
      if (done.length > 0) await takeBack(client, job, plan, done)
      throw new AppError('postgres', `The server refused ${statement.split(' = ')[0]}: ${messageOf(error)}`, {
        hint: 'Nothing was changed. The role needs the right to use ALTER SYSTEM.',
        cause: error,
      })
    }
  }
}

async function takeBack(client: Client, job: Pick<JobContext, 'log'>, plan: Planned, done: readonly string[]): Promise<void> {
  for (const { name } of plan.changes) {
    if (!done.some((statement) => statement.split(' ').includes(name))) continue
    const own = Object.values(plan.source.settings).find((setting) => setting.name === name)?.ownValue ?? null
    await client.query(alterStatement(name, own))
    job.log(`${name} is as it was.`, 'warning')
  }
}

/** Reloads, and waits until the session sees every value that needs no restart. Throws AppError when it does not. */
export async function reloadSettings(client: Client, plan: Planned): Promise<void> {
  await client.query('SELECT pg_reload_conf()')
  const expected = plan.changes.flatMap(({ name, next, takes }) =>
    takes === 'reload' && Object.entries(plan.wanted).some(([key, value]) => key === name && value !== null)
      ? [{ name, next }]
      : [],
  )
  const end = Date.now() + reloadMs
  for (;;) {
    const { rows } = await client.query<{ name: string; setting: string; reset_val: string }>(
      'SELECT name, setting, reset_val FROM pg_settings WHERE name = ANY ($1)',
      [expected.map(({ name }) => name)],
    )
    const wrong = expected.filter(({ name, next }) => !rows.some((row) => row.name === name && row.reset_val === next))
    if (wrong.length === 0) return
    if (Date.now() > end) {
      const names = wrong.map(({ name }) => name).join(', ')
      throw new AppError(
        'postgres',
        `The server was told to reload, but ${names} did not change within ${reloadMs / 1000} seconds.`,
        {
          hint: 'A later line of a settings file or an error in one may stand in the way: SELECT * FROM pg_file_settings shows it.',
        },
      )
    }
    await delay(100)
  }
}
