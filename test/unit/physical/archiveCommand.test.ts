// The archive command as PostgreSQL hands it to /bin/sh: hostile paths, identical and different files, and what is refused.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  archiveCommand,
  archiveFolderProblem,
  folderOfArchiveCommand,
  longestCommandBytes,
  quoteForArchiveCommand,
} from '../../../shared/model/archiveCommand'
import { tempFolder } from '../../support/tempFolder'

export const hostileNames = [
  'plain',
  'with space  and two',
  "quote's ''twice''",
  'double "quotes"',
  '100 % of %p and %f %% %',
  'Ünïcode – 档案 🐘',
  '$HOME `id` $(id) \\n \\\\ !',
  '*?[a-z] {a,b} ~ # & ; | < > ( )',
  '-rf',
]

/** What pgarch.c and shell_archive.c make of the command: %p, %f and %% are replaced, everything else stays. */
function asPostgres(command: string, p: string, f: string): string {
  return command.replaceAll(/%([%pf])/g, (_match, letter: string) => (letter === 'p' ? p : letter === 'f' ? f : '%'))
}

function run(folder: string, data: string, name: string) {
  const command = asPostgres(archiveCommand(folder), `pg_wal/${name}`, name)
  const { status, stderr } = spawnSync('/bin/sh', ['-c', command], { cwd: data, encoding: 'utf8' })
  return { status, stderr }
}

function dataDirectory(): string {
  const data = path.join(tempFolder('archcmd'), 'data')
  fs.mkdirSync(path.join(data, 'pg_wal'), { recursive: true })
  return data
}

const segment = '000000010000000000000001'

describe.each(hostileNames)('a folder named %s', (name) => {
  it('gets the segment, whole and under its own name alone', () => {
    const data = dataDirectory()
    const folder = path.join(path.dirname(data), name, 'inner')
    fs.mkdirSync(folder, { recursive: true })
    const bytes = Buffer.alloc(100_000, 7)
    fs.writeFileSync(path.join(data, 'pg_wal', segment), bytes)
    expect(run(folder, data, segment)).toEqual({ status: 0, stderr: '' })
    expect(fs.readdirSync(folder)).toEqual([segment])
    expect(fs.readFileSync(path.join(folder, segment)).equals(bytes)).toBe(true)
    expect(folderOfArchiveCommand(archiveCommand(folder))).toBe(folder)
  })

  it('is one word for the shell', () => {
    const { stdout } = spawnSync('/bin/sh', ['-c', asPostgres(`printf %%s ${quoteForArchiveCommand(name)}`, 'P', 'F')], {
      encoding: 'utf8',
    })
    expect(stdout).toBe(name)
  })
})

describe('a file that is there already', () => {
  it('is accepted when it is identical, and never replaced when it differs', () => {
    const data = dataDirectory()
    const folder = path.join(path.dirname(data), 'archive')
    fs.mkdirSync(folder)
    const wal = path.join(data, 'pg_wal', segment)
    fs.writeFileSync(wal, 'the first')
    expect(run(folder, data, segment).status).toBe(0)
    expect(run(folder, data, segment)).toEqual({ status: 0, stderr: '' })
    fs.writeFileSync(wal, 'another one')
    expect(run(folder, data, segment)).toEqual({
      status: 1,
      stderr: `walkback: ${folder}/${segment} is there and differs from pg_wal/${segment}\n`,
    })
    expect(fs.readFileSync(path.join(folder, segment), 'utf8')).toBe('the first')
    expect(fs.readdirSync(folder)).toEqual([segment])
  })

  it('also counts when it is a folder or a link to another file', () => {
    const data = dataDirectory()
    const folder = path.join(path.dirname(data), 'archive')
    fs.mkdirSync(path.join(folder, segment), { recursive: true })
    fs.writeFileSync(path.join(data, 'pg_wal', segment), 'x')
    expect(run(folder, data, segment).status).toBe(1)
    expect(fs.readdirSync(path.join(folder, segment))).toEqual([])
    fs.rmdirSync(path.join(folder, segment))
    fs.symlinkSync('/nowhere', path.join(folder, segment))
    expect(run(folder, data, segment).status).toBe(1)
    expect(fs.readdirSync(folder)).toEqual([segment])
  })

  it('leaves no temporary of an earlier try', () => {
    const data = dataDirectory()
    const folder = path.join(path.dirname(data), 'archive')
    fs.mkdirSync(folder)
    fs.writeFileSync(path.join(folder, `.${segment}.4711.tmp`), 'half')
    fs.writeFileSync(path.join(data, 'pg_wal', segment), 'x')
    expect(run(folder, data, segment).status).toBe(0)
    expect(fs.readdirSync(folder)).toEqual([segment])
  })
})

describe('what can not be archived', () => {
  it('fails, and says why, when the folder or the segment is missing', () => {
    const data = dataDirectory()
    fs.writeFileSync(path.join(data, 'pg_wal', segment), 'x')
    const missing = run('/nowhere/at all', data, segment)
    expect(missing.status).toBe(1)
    expect(missing.stderr).toContain('No such file or directory')
    expect(run(path.dirname(data), data, '000000010000000000000002').status).toBe(1)
  })
})

describe('archiveFolderProblem', () => {
  it('refuses what has no place in a setting', () => {
    expect(archiveFolderProblem('/srv/a\nb', 18)).toBe('The path holds a line break or another control character.')
    expect(archiveFolderProblem('srv/wal', 18)).toBe('The folder must be an absolute path on the server, such as /srv/wal/main.')
    expect(archiveFolderProblem('/srv/../etc', 18)).toBe('The folder must be a path without . and .. parts.')
    expect(archiveFolderProblem('/srv/a...b', 18)).toBe('')
  })

  it('counts bytes for the versions that cut the command off', () => {
    const long = `/srv/${'ä'.repeat(400)}`
    expect(archiveFolderProblem(long, 16)).toBe('')
    expect(archiveFolderProblem(long, 15)).toMatch(
      new RegExp(
        `^The path is too long: the archive command would have \\d+ bytes, and PostgreSQL 15 cuts it off at ${longestCommandBytes}\\.$`,
      ),
    )
    expect(archiveFolderProblem(`/srv/${'a'.repeat(200)}`, 13)).toBe('')
  })

  it('knows its own command only', () => {
    expect(folderOfArchiveCommand('cp %p /srv/%f')).toBeNull()
    expect(folderOfArchiveCommand(archiveCommand('/srv/wal').replace('cmp -s', 'true'))).toBeNull()
    expect(folderOfArchiveCommand(archiveCommand('/srv/wal/'))).toBe('/srv/wal')
  })
})
