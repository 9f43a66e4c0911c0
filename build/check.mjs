// `npm run check`: lint and types of each environment, format, layers; all at once, under 30 s.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkEnv, checks } from './checks.mjs'
import { capture } from './run.mjs'
import { ensurePackages, requireNode } from './setup.mjs'

requireNode()
await ensurePackages()
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const programOf = (name) =>
  name === 'node' ? process.execPath : join(root, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name)

const started = Date.now()
let failed = 0
await Promise.all(
  checks.map(async ([name, program, args]) => {
    const from = Date.now()
    const shell = process.platform === 'win32' && program !== 'node'
    const { code, stdout, stderr } = await capture(programOf(program), args, {
      cwd: root,
      shell,
      env: { ...process.env, ...checkEnv },
    })
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - from) / 1000).toFixed(1)} s)`)
    if (code !== 0) {
      failed += 1
      console.log(`${stdout}${stderr}`.trimEnd())
    }
  }),
)
console.log(`${checks.length - failed} of ${checks.length} checks hold, ${((Date.now() - started) / 1000).toFixed(1)} s`)
process.exit(failed === 0 ? 0 : 1)
