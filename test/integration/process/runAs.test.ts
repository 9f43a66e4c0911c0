// Running as another account: as root by its ids, through sudo for a person, and else refused with the command to run.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { OsAccount } from '../../../electron/process/processTypes'
import { findAccount, launchAs, ownAccount } from '../../../electron/process/runAs'
import { createSpawnTool } from '../../../electron/process/spawnTool'
import { programFile } from '../../fixtures/programs'
import { tempFolder } from '../../support/tempFolder'

const spawn = createSpawnTool({ instanceId: 'runastest' })
const isRoot = process.getuid?.() === 0

describe('findAccount', () => {
  it('finds accounts by name and by id', async () => {
    const own = userInfo()
    const expected = { name: own.username, uid: own.uid, gid: own.gid, home: own.homedir }
    expect(ownAccount()).toEqual(expected)
    expect(await findAccount(own.username)).toMatchObject({ name: own.username, uid: own.uid, gid: own.gid })
    expect(await findAccount(own.uid)).toMatchObject({ name: own.username })
    expect(await findAccount('postgres')).toMatchObject({ name: 'postgres', home: '/var/lib/postgresql' })
  })

  it.each(['nobody-of-that-name', '', '-x', 'a:b', 'a\nb', '$(id)'])('knows no %j', async (name) => {
    expect(await findAccount(name)).toBeNull()
  })
})

describe('launchAs', () => {
  const path = process.env.PATH
  afterEach(() => {
    process.env.PATH = path
  })

  it('adds nothing for our own account', async () => {
    expect(await launchAs(ownAccount(), '/bin/true', ['x'], [])).toEqual({ file: '/bin/true', argv: ['x'] })
  })

  it.runIf(isRoot)('runs as root by user and group id, with no group left and a home of its own', async () => {
    const postgres = await account('postgres')
    const folder = tempFolder('runas')
    chmodSync(folder, 0o755)
    const script = join(folder, 'environment.mjs')
    writeFileSync(script, await import('node:fs').then(({ readFileSync }) => readFileSync(programFile('environment'), 'utf8')))
    const lines: string[] = []
    const exit = await spawn({ file: process.execPath, argv: [script], runAs: postgres, onStdout: (line) => lines.push(line) })
    expect(exit.stderrTail).toEqual([])
    const shown = JSON.parse(lines.join(''))
    expect(shown).toMatchObject({ uid: postgres.uid, gid: postgres.gid, groups: [postgres.gid] })
    expect(shown.env).toMatchObject({ HOME: postgres.home, USER: 'postgres', LOGNAME: 'postgres' })
  })

  it.runIf(isRoot)('ends what runs as another account', async () => {
    const postgres = await account('postgres')
    const abort = new AbortController()
    const exit = spawn({
      file: '/bin/sleep',
      argv: ['100'],
      runAs: postgres,
      signal: abort.signal,
      onSpawn: () => setTimeout(() => abort.abort(), 50),
    })
    expect(await exit).toMatchObject({ cancelled: true, killedBy: 'SIGTERM', forced: false })
  })

  /** As an ordinary account, with a `sudo` on PATH that behaves as told. */
  async function asPerson<T>(sudo: string, action: () => Promise<T>): Promise<T> {
    const folder = tempFolder('sudo')
    mkdirSync(join(folder, 'bin'))
    writeFileSync(join(folder, 'bin', 'sudo'), `#!/bin/sh\n${sudo}\n`)
    chmodSync(join(folder, 'bin', 'sudo'), 0o755)
    process.env.PATH = `${join(folder, 'bin')}:${path}`
    const real = process.getuid
    process.getuid = () => 1234
    try {
      return await action()
    } finally {
      process.getuid = real
    }
  }

  const other: OsAccount = { name: 'postgres', uid: 101, gid: 104, home: '/var/lib/postgresql' }

  it('goes through sudo for a person whom sudoers allows it, with names of variables and no values', async () => {
    const launch = await asPerson('exit 0', () =>
      launchAs(other, '/usr/bin/pg_ctl', ['start', '-D', '/x y'], ['PATH', 'PGSSLPASSWORD']),
    )
    expect(launch).toEqual({
      file: 'sudo',
      argv: ['-n', '-u', 'postgres', '--preserve-env=PATH,PGSSLPASSWORD', '--', '/usr/bin/pg_ctl', 'start', '-D', '/x y'],
      sudoAccount: 'postgres',
    })
  })

  it('refuses otherwise and gives the exact command', async () => {
    const refused = asPerson('echo "sudo: a password is required" >&2; exit 1', () =>
      launchAs(other, '/usr/bin/pg_ctl', ['start', '-D', `/it's here`], []),
    )
    await expect(refused).rejects.toMatchObject({
      code: 'permission',
      message: `This has to run as the account postgres, and Walkback runs as ${ownAccount().name}.`,
      hint: expect.stringContaining(`run this yourself: sudo -u postgres -- /usr/bin/pg_ctl start -D '/it'\\''s here'`),
    })
  })
})

async function account(name: string): Promise<OsAccount> {
  const found = await findAccount(name)
  if (!found) throw new Error(`this machine has no account ${name}`)
  return found
}
