// `npm run pack`: packages the desktop application and then opens what came out: the asar must hold the build and nothing
// else, and every fuse must stand as configured. Where Electron's runtime can't be had, a stub takes its place, which
// proves the packaging but not the runtime, and the last line says so.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'
import { run } from './run.mjs'
import { ensurePackages, requireNode } from './setup.mjs'

requireNode()
await ensurePackages()
await build()
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const require = createRequire(import.meta.url)
const { getCurrentFuseWire, FuseV1Options, FuseState } = await import('@electron/fuses')
const asar = require('@electron/asar')
const electronFolder = dirname(require.resolve('electron/package.json'))
const realDist = join(electronFolder, 'dist')
const isReal = existsSync(join(realDist, 'version'))

/**
 * What electron-builder and the fuse writer look at: an executable with the fuse sentinel, wire version 1, and nine
 * fuses in their default states, and the files that are copied beside it.
 */
function writeStubRuntime() {
  const stub = join(root, 'release', 'stub-runtime')
  rmSync(stub, { recursive: true, force: true })
  mkdirSync(join(stub, 'resources'), { recursive: true })
  mkdirSync(join(stub, 'locales'))
  const sentinel = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX', 'latin1')
  const fuses = '101100011'
  const wire = Buffer.concat([
    Buffer.alloc(64),
    sentinel,
    Buffer.from([1, fuses.length]),
    Buffer.from(fuses, 'latin1'),
    Buffer.alloc(64),
  ])
  writeFileSync(join(stub, 'electron'), wire)
  chmodSync(join(stub, 'electron'), 0o755)
  for (const file of ['LICENSE', 'LICENSES.chromium.html', 'chrome-sandbox']) writeFileSync(join(stub, file), '')
  writeFileSync(join(stub, 'version'), JSON.parse(readFileSync(join(electronFolder, 'package.json'), 'utf8')).version)
  return stub
}

function proveAsar(file) {
  const held = asar.listPackage(file, { isPack: false }).map((path) => path.replaceAll('\\', '/'))
  const allowed = /^\/(dist|dist\/(main\.cjs|preload\.cjs|renderer(\/.*)?)|package\.json|LICENSE)$/
  const strangers = held.filter((path) => !allowed.test(path))
  if (strangers.length > 0) throw new Error(`the asar holds what it should not: ${strangers.slice(0, 10).join(', ')}`)
  for (const needed of ['/dist/main.cjs', '/dist/preload.cjs', '/dist/renderer/index.html', '/package.json']) {
    if (!held.includes(needed)) throw new Error(`the asar lacks ${needed}`)
  }
  const manifest = JSON.parse(asar.extractFile(file, 'package.json').toString('utf8'))
  if (manifest.main !== 'dist/main.cjs') throw new Error(`the package starts ${manifest.main}`)
  const main = asar.extractFile(file, 'dist/main.cjs')
  if (!main.equals(readFileSync(join(root, 'dist', 'main.cjs')))) throw new Error('the packed main.cjs is not the built one')
  console.log(`asar: ${held.length} entries, the build and nothing else`)
}

async function proveFuses(executable) {
  const config = JSON.parse(readFileSync(join(root, 'build', 'electron-builder.json'), 'utf8')).electronFuses
  const wire = await getCurrentFuseWire(executable)
  for (const [name, wanted] of Object.entries(config)) {
    const option = FuseV1Options[name[0].toUpperCase() + name.slice(1)]
    if (option === undefined) throw new Error(`no fuse is called ${name}`)
    if (wire[option] !== (wanted ? FuseState.ENABLE : FuseState.DISABLE))
      throw new Error(`fuse ${name} is not ${wanted ? 'on' : 'off'}`)
    console.log(`fuse: ${name} ${wanted ? 'on' : 'off'}`)
  }
}

const args = ['build', '--publish', 'never', '--config', join(root, 'build', 'electron-builder.json')]
const builder = join(root, 'node_modules', 'electron-builder', 'cli.js')
if (isReal) {
  await run(process.execPath, [builder, ...args], { cwd: root })
} else {
  await run(process.execPath, [builder, ...args, '--linux', 'dir', '-c.electronDist', writeStubRuntime()], { cwd: root })
}
const folders = { darwin: 'mac/Walkback.app/Contents', win32: 'win-unpacked', linux: 'linux-unpacked' }
const unpacked = join(root, 'release', isReal ? folders[process.platform] : 'linux-unpacked')
proveAsar(join(unpacked, process.platform === 'darwin' && isReal ? 'Resources/app.asar' : 'resources/app.asar'))
const executable = { darwin: 'MacOS/Walkback', win32: 'Walkback.exe', linux: 'walkback' }
await proveFuses(join(unpacked, isReal ? executable[process.platform] : 'walkback'))
console.log(
  isReal ? 'packed with the real runtime' : "packed with a stub: Electron's runtime is not here, so the result does not run",
)
