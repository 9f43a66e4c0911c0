// Which installation serves a server: its own major, else the nearest newer, never an older one.
import { describe, expect, it } from 'vitest'
import { chooseForServer, noFit } from '../../../electron/process/tools'
import type { Installation } from '../../../shared/contracts/host'

function at(folder: string, version: number, programs = ['pg_dump', 'postgres']): Installation {
  return { folder, version, programs, origin: 'test' }
}

const installations = [at('/17', 170006), at('/15', 150018), at('/15old', 150002), at('/18', 180004), at('/16', 160010, ['psql'])]

describe('chooseForServer', () => {
  it.each([
    ['the own major, its newest minor', 150003, '/15/pg_dump', 150018],
    ['the own major even with an older minor', 170009, '/17/pg_dump', 170006],
    ['the nearest newer that has the program', 160001, '/17/pg_dump', 170006],
    ['a newer one for an old server', 130022, '/15/pg_dump', 150018],
  ])('takes %s', (_what, server, path, version) => {
    expect(chooseForServer(installations, 'pg_dump', server)).toEqual({ path, version, program: 'pg_dump' })
  })

  it('never takes an older one', () => {
    expect(chooseForServer(installations, 'pg_dump', 190000)).toBeNull()
    expect(chooseForServer(installations, 'psql', 170000)).toBeNull()
  })
})

describe('noFit', () => {
  it('names both versions and the fix', () => {
    const error = noFit([at('/15', 150018), at('/13', 130023)], 'pg_dump', 180004, 'linux')
    expect(error.code).toBe('version_mismatch')
    expect(error.message).toBe(
      "The newest pg_dump here is 15.18, but the server is 18.4. pg_dump can't dump a server newer than itself.",
    )
    expect(error.hint).toBe(
      'Install postgresql-client-18 (apt install postgresql-client-18), or add the folder that holds it in Settings.',
    )
  })

  it('names the package of the server for what comes with it', () => {
    const error = noFit([], 'pg_waldump', 180004, 'linux')
    expect(error.code).toBe('tool_missing')
    expect(error.message).toBe('There is no pg_waldump on this machine. The server is 18.4.')
    expect(error.hint).toBe('Install postgresql-18 (apt install postgresql-18), or add the folder that holds it in Settings.')
  })
})
