// A core in a process of its own, for tests that run it as another account or kill it: one command, then it waits.
import { binFolder } from './clusters'
import { startCore } from './core'

const [dataFolder = '', command = '', major = ''] = process.argv.slice(2)
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
const core = await startCore({ dataFolder })
if (command === 'make') {
  const job = await core.api.practice.make({ name: 'main', folder: binFolder(Number(major)), fill: true })
  const timer = setInterval(() => say({ done: core.app.services.jobs.get(job.jobId).progress?.done ?? 0 }), 50)
  const { state, error } = await core.ended(job)
  clearInterval(timer)
  say({ state, error })
} else if (command === 'list') {
  say(await core.api.practice.list({}))
} else if (command === 'remove') {
  const { state, error } = await core.ended(await core.api.practice.remove({ name: 'main', confirm: 'main' }))
  say({ state, error })
}
await core.stop()
