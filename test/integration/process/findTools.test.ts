// Finding PostgreSQL installations on this machine and in made-up folders, and looking again when something is missing.
import { chmodSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findInstallations } from '../../../electron/process/findTools'
import { createSpawnTool } from '../../../electron/process/spawnTool'
import { createTools } from '../../../electron/process/tools'
import { binFolder, testMajors } from '../../support/clusters'

import { tempFolder } from '../../support/tempFolder'

const spawn = createSpawnTool({ instanceId: 'findtest' })

function fakeProgram(folder: string, name: string, version: string): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\necho "${name} (PostgreSQL) ${version}"\n`)
  chmodSync(file, 0o755)
  return file
}

describe('findInstallations', () => {
  it('finds the one of this machine once, by its own folder and not by the wrapper in /usr/bin', async () => {
    expect(existsSync('/usr/bin/pg_dump')).toBe(true)
    const found = await findInstallations({ spawn, added: [], env: { PATH: '/usr/bin:/usr/lib/postgresql/15/bin' } })
    expect(found.map(({ folder, origin }) => ({ folder, origin }))).toEqual([
      { folder: '/usr/lib/postgresql/15/bin', origin: 'Debian' },
    ])
    expect(Math.floor((found[0]?.version ?? 0) / 10_000)).toBe(15)
    expect(found[0]?.programs).toEqual(expect.arrayContaining(['postgres', 'pg_dump', 'pg_basebackup', 'initdb']))
  })

  it('finds every version in folders that were added, the newest first, whether bin or its parent was named', async () => {
    const added = testMajors().map((major, index) => (index % 2 === 0 ? binFolder(major) : join(binFolder(major), '..')))
    const found = await findInstallations({ spawn, added, env: { PATH: '' } })
    const majors = found.map(({ version }) => Math.floor(version / 10_000))
    expect(majors).toEqual([...new Set([...testMajors(), 15])].toSorted((a, b) => b - a))
    expect(new Set(found.map(({ folder }) => realpathSync(folder))).size).toBe(found.length)
  })

  it('tells one installation reached by links once', async () => {
    const root = tempFolder('find')
    const real = join(root, 'real', 'bin')
    fakeProgram(real, 'pg_dump', '17.6')
    symlinkSync(join(root, 'real'), join(root, 'link'))
    mkdirSync(join(root, 'links'))
    symlinkSync(join(real, 'pg_dump'), join(root, 'links', 'pg_dump'))
    const found = await findInstallations({
      spawn,
      added: [],
      env: { PATH: [join(root, 'real', 'bin'), join(root, 'link', 'bin'), join(root, 'links')].join(':') },
    })
    expect(found.filter(({ folder }) => folder.startsWith(root))).toEqual([
      { folder: real, version: 170006, programs: ['pg_dump'], origin: 'PATH' },
    ])
  })

  it('takes no folder whose programs are wrappers, broken, or silent', async () => {
    const root = tempFolder('find')
    mkdirSync(join(root, 'wrapper'))
    writeFileSync(join(root, 'wrapper', 'pg_dump'), '#!/usr/bin/perl -wT\nprint "pg_dump (PostgreSQL) 18.1\\n";\n')
    chmodSync(join(root, 'wrapper', 'pg_dump'), 0o755)
    mkdirSync(join(root, 'broken'))
    writeFileSync(join(root, 'broken', 'pg_dump'), '\x7fELF nonsense')
    chmodSync(join(root, 'broken', 'pg_dump'), 0o755)
    fakeProgram(join(root, 'silent'), 'pg_dump', '')
    mkdirSync(join(root, 'folder', 'pg_dump'), { recursive: true })
    const added = ['wrapper', 'broken', 'silent', 'folder', 'absent'].map((name) => join(root, name))
    const found = await findInstallations({ spawn, added, env: { PATH: '' } })
    expect(found.filter(({ folder }) => folder.startsWith(root))).toEqual([])
  })
})

describe('the tools service', () => {
  it('looks again when nothing fits, and says what is missing', async () => {
    const root = tempFolder('tools')
    const tools = createTools({ spawn, installationFolders: () => [root] })
    await expect(tools.forServer('pg_dump', 990000)).rejects.toMatchObject({
      code: 'version_mismatch',
      message: expect.stringMatching(
        /^The newest pg_dump here is \d+\.\d+, but the server is 99\.0\. pg_dump can't dump a server newer than itself\.$/,
      ),
      hint: 'Install postgresql-client-99 (apt install postgresql-client-99), or add the folder that holds it in Settings.',
    })
    const file = fakeProgram(root, 'pg_dump', '99.1')
    expect(await tools.forServer('pg_dump', 990000)).toEqual({ path: file, version: 990001, program: 'pg_dump' })
  })

  it('looks again when the folders of the settings change', async () => {
    let folders: string[] = []
    const root = tempFolder('tools')
    const tools = createTools({ spawn, installationFolders: () => folders })
    fakeProgram(root, 'psql', '98.1')
    expect((await tools.installations()).some(({ folder }) => folder === root)).toBe(false)
    folders = [root]
    expect((await tools.installations()).some(({ folder }) => folder === root)).toBe(true)
  })
})
