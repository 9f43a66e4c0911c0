// Puts PostgreSQL 13, 15, 17 and 18 side by side on a Debian machine for the tests, and says where each one's programs are.
//
// Debian carries one major per release. The machine's own is installed and used as it is; of the others the package and
// everything it depends on, libc included, is downloaded by a private apt configuration, unpacked into a folder of its own
// and pointed at its own loader and libraries with patchelf. Nothing of that touches the machine's package database.
// Plain Node, no packages: the test command runs it before node_modules is complete.
// Long because it is one recipe from the archive's key to programs that run, read from top to bottom.
import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The Debian release that carries each major. */
export const releases = { 13: 'bullseye', 15: 'bookworm', 17: 'trixie', 18: 'forky' }
export const wantedMajors = Object.keys(releases).map(Number)

/** Goes up when the recipe changes, so that an older cache is built anew. */
const recipe = 1
const marker = 'complete.json'
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
const isRoot = process.getuid?.() === 0

/** Where the unpacked installations and the template clusters live: outside the work tree, readable by the postgres account. */
export function cacheFolder() {
  if (process.env.WALKBACK_PG_CACHE) return path.resolve(process.env.WALKBACK_PG_CACHE)
  // Root's home is closed to the postgres account, which has to run these programs.
  if (isRoot) return '/var/cache/walkback-test/postgresql'
  return path.join(os.homedir(), '.cache/walkback-test/postgresql')
}

/** The bin folder of each wanted major that is here now: { 13: '/…/bin', … }. Installs nothing. */
export function findPostgres() {
  const found = {}
  // Root's cache serves other accounts too; a cache that was named is the only one.
  const caches = process.env.WALKBACK_PG_CACHE ? [cacheFolder()] : [cacheFolder(), '/var/cache/walkback-test/postgresql']
  for (const major of wantedMajors) {
    const candidates = [
      `/usr/lib/postgresql/${major}/bin`,
      ...caches.map((cache) => unpackedBin(path.join(cache, String(major)), major)),
    ]
    const bin = candidates.find((folder) => folder !== undefined && fs.existsSync(path.join(folder, 'initdb')))
    if (bin) found[major] = bin
  }
  return found
}

/** The bin folder of a finished unpacked installation, undefined when it is unfinished or of an older recipe. */
function unpackedBin(folder, major) {
  let text
  try {
    text = fs.readFileSync(path.join(folder, marker), 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EACCES') return undefined
    throw error
  }
  return JSON.parse(text).recipe === recipe ? path.join(folder, `usr/lib/postgresql/${major}/bin`) : undefined
}

/**
 * Installs what is missing of `majors` and resolves to the bin folders, { major: folder }.
 * Rejects with what to do when the machine cannot be given them.
 */
export async function installPostgres(majors = wantedMajors, log = () => {}) {
  const missing = () => majors.filter((major) => !(major in findPostgres()))
  if (missing().length > 0) {
    requireDebian(missing())
    await withLock(async () => {
      const ours = releaseName()
      const own = missing().filter((major) => releases[major] === ours)
      if (isRoot) await installSystemPackages(own, log)
      for (const major of missing()) await unpackMajor(major, log)
    }, log)
  }
  const found = findPostgres()
  return Object.fromEntries(majors.map((major) => [major, found[major]]))
}

function requireDebian(missing) {
  const names = missing.join(', ')
  if (!fs.existsSync('/usr/bin/apt-get')) {
    throw new Error(
      `PostgreSQL ${names} is not here, and this script knows only Debian. ` +
        `Install it so that /usr/lib/postgresql/<major>/bin holds its programs, or run the tests with PG_MAJORS naming what you have.`,
    )
  }
  if (!fs.existsSync(keyring)) {
    throw new Error(
      `PostgreSQL ${names} comes from Debian's releases, and Debian's keyring is not on this machine. Run: sudo apt-get install debian-archive-keyring`,
    )
  }
  if (!isRoot && !hasProgram('patchelf')) {
    throw new Error(
      `PostgreSQL ${names} is not here. Run: sudo node ${path.relative(process.cwd(), fileURLToPath(import.meta.url))}`,
    )
  }
}

function hasProgram(name) {
  return (process.env.PATH ?? '').split(':').some((folder) => folder !== '' && fs.existsSync(path.join(folder, name)))
}

/** bookworm, trixie …; '' when the machine does not say. */
function releaseName() {
  const text = fs.existsSync('/etc/os-release') ? fs.readFileSync('/etc/os-release', 'utf8') : ''
  if (!/^ID=debian$/m.test(text)) return ''
  return /^VERSION_CODENAME=(\S+)$/m.exec(text)?.[1] ?? ''
}

/** The machine's own major, patchelf, and the libraries' data that unpacked servers read from the machine (time zones). */
async function installSystemPackages(majors, log) {
  const packages = majors.flatMap((major) => [`postgresql-${major}`, `postgresql-client-${major}`])
  if (!hasProgram('patchelf')) packages.push('patchelf')
  if (!fs.existsSync('/usr/share/zoneinfo/UTC')) packages.push('tzdata')
  if (!accountExists('postgres') && majors.length === 0) packages.push('postgresql-common')
  if (packages.length === 0) return
  log(`apt-get install ${packages.join(' ')}`)
  // Without this the package would make and start a cluster of its own; one that is there already is left alone.
  const setting = '/etc/postgresql-common/createcluster.d/walkback-test.conf'
  fs.mkdirSync(path.dirname(setting), { recursive: true })
  fs.writeFileSync(setting, 'create_main_cluster = false\n')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120']
  try {
    try {
      await run('apt-get', ['install', ...options, ...packages], { env, maxBuffer: 64e6 })
    } catch (error) {
      log(`first try failed (${firstLine(error)}); refreshing the package lists`)
      await run('apt-get', ['update', '-q', '-o', 'DPkg::Lock::Timeout=120'], { env, maxBuffer: 64e6 })
      await run('apt-get', ['install', ...options, ...packages], { env, maxBuffer: 64e6 })
    }
  } finally {
    fs.rmSync(setting, { force: true })
  }
}

function accountExists(name) {
  return (
    fs.readFileSync('/etc/passwd', 'utf8').startsWith(`${name}:`) || fs.readFileSync('/etc/passwd', 'utf8').includes(`\n${name}:`)
  )
}

function firstLine(error) {
  return String(error.stderr || error.message)
    .trim()
    .split('\n')
    .find((line) => line !== '')
}

/** The address Debian's packages come from on this machine, read from its own apt sources. */
export function debianMirror() {
  const folder = '/etc/apt/sources.list.d'
  const files = [
    '/etc/apt/sources.list',
    ...(fs.existsSync(folder)
      ? fs
          .readdirSync(folder)
          .toSorted()
          .map((name) => path.join(folder, name))
      : []),
  ]
  const suites = new Set(['stable', 'testing', 'unstable', ...Object.values(releases), releaseName()])
  for (const file of files.filter((name) => fs.existsSync(name))) {
    const text = fs.readFileSync(file, 'utf8')
    for (const { uri, suite } of file.endsWith('.sources')
      ? deb822Sources(text)
      : file.endsWith('.list')
        ? listSources(text)
        : []) {
      if (suites.has(suite) && /\/debian\/?$/.test(uri)) return uri
    }
  }
  throw new Error(
    "The machine's apt sources name no Debian archive. Add one, or run the tests with PG_MAJORS naming the PostgreSQL versions that are installed.",
  )
}

function* deb822Sources(text) {
  for (const stanza of text.replace(/^#.*\n?/gm, '').split(/\n\s*\n/)) {
    const field = (name) =>
      (new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t].*)*)`, 'mi').exec(stanza)?.[1] ?? '').split(/\s+/).filter(Boolean)
    if (!field('Types').includes('deb') || field('Enabled')[0] === 'no') continue
    for (const uri of field('URIs')) for (const suite of field('Suites')) yield { uri, suite }
  }
}

function* listSources(text) {
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line)
    if (match) yield { uri: match[1], suite: match[2] }
  }
}

/** Downloads, unpacks and patches one major into <cache>/<major>; the marker, written last, makes it count. */
async function unpackMajor(major, log) {
  const root = path.join(cacheFolder(), String(major))
  const started = Date.now()
  fs.rmSync(root, { recursive: true, force: true })
  fs.mkdirSync(root, { recursive: true, mode: 0o755 })
  log(`PostgreSQL ${major}: downloading from Debian ${releases[major]}`)
  const work = path.join(cacheFolder(), `download-${major}`)
  try {
    const packages = await download(major, work)
    log(`PostgreSQL ${major}: unpacking ${packages.length} packages`)
    for (const file of packages) await run('dpkg', ['-x', file, root])
  } finally {
    fs.rmSync(work, { recursive: true, force: true })
  }
  for (const name of ['doc', 'man', 'info', 'perl', 'lintian']) {
    fs.rmSync(path.join(root, 'usr/share', name), { recursive: true, force: true })
  }
  fs.chmodSync(root, 0o755)
  await pointAtOwnLibraries(root, major)
  const bin = path.join(root, `usr/lib/postgresql/${major}/bin`)
  for (const program of ['postgres', 'initdb', 'pg_dump', 'pg_basebackup']) {
    const { stdout } = await run(path.join(bin, program), ['--version'], { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } })
    if (!stdout.includes(`(PostgreSQL) ${major}`))
      throw new Error(`${program} of the unpacked PostgreSQL ${major} says: ${stdout.trim()}`)
  }
  const { stdout } = await run(path.join(bin, 'postgres'), ['--version'])
  fs.writeFileSync(path.join(root, marker), `${JSON.stringify({ recipe, version: stdout.trim() })}\n`)
  log(`PostgreSQL ${major}: ready after ${((Date.now() - started) / 1000).toFixed(0)} s`)
}

/** The .deb files of postgresql-<major> and all it depends on, as if nothing were installed. */
async function download(major, work) {
  const folder = (...names) => {
    const made = path.join(work, ...names)
    fs.mkdirSync(made, { recursive: true })
    return made
  }
  fs.rmSync(work, { recursive: true, force: true })
  folder('state/lists/partial')
  folder('etc')
  const archives = path.dirname(folder('cache/archives/partial'))
  fs.writeFileSync(path.join(work, 'status'), '')
  fs.writeFileSync(path.join(work, 'etc/sources.list'), `deb [signed-by=${keyring}] ${debianMirror()} ${releases[major]} main\n`)
  const settings = {
    'Dir::Etc::sourcelist': path.join(work, 'etc/sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State': path.join(work, 'state'),
    'Dir::State::status': path.join(work, 'status'),
    'Dir::Cache': path.join(work, 'cache'),
    'Dir::Log': path.join(work, 'state'),
    'APT::Install-Recommends': 'false',
    'APT::Install-Suggests': 'false',
    'APT::Get::Assume-Yes': 'true',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    // The release of an older Debian is no longer renewed; its signature still counts.
    'Acquire::Check-Valid-Until': 'false',
    ...(isRoot ? { 'APT::Sandbox::User': 'root' } : {}),
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  await run('apt-get', [...options, '-q', 'update'], { maxBuffer: 64e6 })
  await run('apt-get', [...options, '-q', 'install', '--download-only', `postgresql-${major}`], { maxBuffer: 64e6 })
  const packages = fs.readdirSync(archives).filter((name) => name.endsWith('.deb'))
  if (!packages.some((name) => name.startsWith(`postgresql-${major}_`))) {
    throw new Error(`apt downloaded ${packages.length} packages, but not postgresql-${major}`)
  }
  return packages.map((name) => path.join(archives, name))
}

/** Gives each program the unpacked loader, and programs and server modules the unpacked libraries before the machine's. */
async function pointAtOwnLibraries(root, major) {
  const loader = findLoader(root)
  const libraryFolders = ['lib', 'usr/lib'].map((folder) => path.join(root, folder, path.basename(path.dirname(loader))))
  const rpath = libraryFolders.filter((folder) => fs.existsSync(folder)).join(':')
  const home = path.join(root, `usr/lib/postgresql/${major}`)
  const programs = elfFiles(path.join(home, 'bin'))
  for (const file of programs) {
    await run('patchelf', ['--set-interpreter', loader, '--force-rpath', '--set-rpath', rpath, file])
  }
  for (const file of elfFiles(path.join(home, 'lib'))) await run('patchelf', ['--force-rpath', '--set-rpath', rpath, file])
}

/** The file itself, since the links to it are absolute in older releases and would lead to the machine's loader. */
function findLoader(root) {
  for (const base of ['usr/lib', 'lib']) {
    const folder = path.join(root, base)
    if (!fs.existsSync(folder)) continue
    for (const triplet of fs.readdirSync(folder).filter((name) => name.endsWith('-linux-gnu'))) {
      const names = fs.readdirSync(path.join(folder, triplet)).filter((name) => /^ld(-linux.*)?[-.].*so(\.\d+)?$/.test(name))
      const files = names.map((name) => path.join(folder, triplet, name)).filter((file) => fs.lstatSync(file).isFile())
      if (files[0]) return files[0]
    }
  }
  throw new Error(`no dynamic loader under ${root}`)
}

function elfFiles(folder) {
  const elf = Buffer.from([0x7f, 0x45, 0x4c, 0x46])
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(folder, entry.name))
    .filter((file) => {
      const head = Buffer.alloc(4)
      const handle = fs.openSync(file, 'r')
      fs.readSync(handle, head, 0, 4, 0)
      fs.closeSync(handle)
      return head.equals(elf)
    })
}

/**
 * Runs `work` while no other process of this machine does: concurrent test runs wait for the first one's result.
 * util-linux's flock holds the lock, so that the end of this process, however it comes, frees it.
 */
async function withLock(work, log) {
  const cache = cacheFolder()
  fs.mkdirSync(cache, { recursive: true, mode: 0o755 })
  if (isRoot) for (const folder of [path.dirname(cache), cache]) if (folder.startsWith('/var/cache/')) fs.chmodSync(folder, 0o755)
  const file = path.join(cache, 'lock')
  const handle = fs.openSync(file, 'a')
  try {
    try {
      execFileSync('flock', ['--nonblock', '3'], { stdio: ['ignore', 'ignore', 'ignore', handle] })
    } catch (error) {
      if (error.status !== 1) throw error
      log('another process is installing; waiting for it')
      execFileSync('flock', ['--timeout', '900', '3'], { stdio: ['ignore', 'ignore', 'inherit', handle] })
    }
    return await work()
  } finally {
    fs.closeSync(handle)
  }
}

// By name too: bundled into another program, this file shares that one's address.
if (
  path.basename(process.argv[1] ?? '') === 'installPostgres.mjs' &&
  fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  const majors = (process.env.PG_MAJORS ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number)
  try {
    const unknown = majors.filter((major) => !(major in releases))
    if (unknown.length > 0) throw new Error(`PG_MAJORS names ${unknown.join(', ')}; known are ${wantedMajors.join(', ')}`)
    const found = await installPostgres(majors.length > 0 ? majors : wantedMajors, (text) => process.stderr.write(`${text}\n`))
    process.stdout.write(`${JSON.stringify(found)}\n`)
  } catch (error) {
    process.stderr.write(`${error.stderr ? `${error.stderr}\n` : ''}${error.message}\n`)
    process.exitCode = 1
  }
}
