// Makes a fresh clone ready: packages, PostgreSQL's programs, and for tests Chromium. Needs nothing but Node and npm.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const isRoot = process.getuid?.() === 0

export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Walkback needs Node 20.19 or newer; this is ${process.versions.node}.`)
    process.exit(1)
  }
}

/** npm writes node_modules/.package-lock.json at the end of each install: older than the lock file means out of date. */
export async function ensurePackages() {
  const installed = join(root, 'node_modules', '.package-lock.json')
  const lock = join(root, 'package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  console.log('Installing packages (npm ci) ...')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  await run(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, shell: process.platform === 'win32' })
}

function isDebian() {
  if (!existsSync('/etc/os-release')) return false
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'))
}

let updated = false

async function aptInstall(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  if (!updated) await run('apt-get', ['update', '-qq'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  updated = true
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function findOnPath(names) {
  const folders = (process.env.PATH ?? '').split(':')
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file))
}

/** Debian makes and starts a cluster `main` with the package; a person who only wants the programs did not ask for one. */
async function withoutMainCluster(install) {
  const file = '/etc/postgresql-common/createcluster.conf'
  await aptInstall(['postgresql-common'])
  const before = readFileSync(file, 'utf8')
  writeFileSync(file, `${before}\ncreate_main_cluster = false\n`)
  try {
    await install()
  } finally {
    writeFileSync(file, before)
  }
}

/** Folders that hold an installation's programs; `*` is one version. */
const postgresFolders = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql*/bin',
  '/usr/local/opt/postgresql*/bin',
  '/Applications/Postgres.app/Contents/Versions/*/bin',
  'C:/Program Files/PostgreSQL/*/bin',
]

function expand(pattern) {
  const [head, ...rest] = pattern.split('*')
  if (rest.length === 0) return [pattern]
  const parent = dirname(`${head}x`)
  if (!existsSync(parent)) return []
  return readdirSync(parent)
    .map((name) => join(parent, name))
    .filter((path) => path.startsWith(head))
    .map((path) => path + rest.join('*').replace(/^[^/]*/, ''))
}

/** The client alone can dump and restore; a practice cluster takes initdb too. */
export function hasPostgres() {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const folders = [
    ...postgresFolders.flatMap(expand),
    ...(process.env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':'),
  ]
  return folders.some((folder) => existsSync(join(folder, `pg_dump${suffix}`)) && existsSync(join(folder, `initdb${suffix}`)))
}

/** For `npm start`: backups need PostgreSQL's own programs. Not fatal: the application says what is missing too. */
export async function ensurePostgres() {
  if (hasPostgres()) return
  if (isRoot && isDebian()) {
    console.log("Installing PostgreSQL's programs (apt-get install postgresql) ...")
    await withoutMainCluster(() => aptInstall(['postgresql', 'postgresql-contrib']))
    return
  }
  console.log(
    "PostgreSQL's server programs were not found. Install them, e.g.: sudo apt-get install postgresql   (macOS: brew install postgresql)",
  )
}

export function findChromium() {
  const given = process.env.WALKBACK_CHROMIUM
  if (given) return given
  return findOnPath(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'])
}

/** Chromium's engine without its windows: opens a page at less than half of the processor time. */
function findHeadlessShell() {
  return process.env.WALKBACK_CHROMIUM ?? findOnPath(['chromium-headless-shell'])
}

/** Resolves to the program that `npm test` drives: the headless shell where Debian has it, for the full counts the whole browser. */
export async function ensureTestBrowser(long) {
  if (!long) {
    if (!findHeadlessShell() && isRoot && isDebian()) {
      console.log('Installing Chromium without windows (apt-get install chromium-headless-shell) ...')
      await aptInstall(['chromium-headless-shell', 'fonts-dejavu-core']).catch((error) => console.log(error.message))
    }
    const shell = findHeadlessShell()
    if (shell) return shell
  }
  await ensureChromium()
  return findChromium()
}

/** For `npm run bench`: the pages are measured in a real browser. */
export async function ensureChromium() {
  if (findChromium()) return
  if (isRoot && isDebian()) {
    console.log('Installing Chromium (apt-get install chromium) ...')
    await aptInstall(['chromium', 'fonts-dejavu-core'])
    return
  }
  console.error('The end-to-end tests need Chromium: sudo apt-get install chromium, or set WALKBACK_CHROMIUM to its path.')
  process.exit(1)
}
