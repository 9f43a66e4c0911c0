// What a person is offered to connect with: services without their passwords, and whether the passfile would be used.
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readSources } from '../../../electron/capabilities/connections/sources'
import { connections } from '../../../shared/contracts/connections'
import { tempFolder } from '../../support/tempFolder'

afterEach(() => {
  for (const name of ['PGSERVICEFILE', 'PGSYSCONFDIR', 'PGPASSFILE']) delete process.env[name]
})

function read(folder: string) {
  process.env.PGSERVICEFILE = path.join(folder, 'services')
  process.env.PGSYSCONFDIR = folder
  process.env.PGPASSFILE = path.join(folder, 'pass')
  return connections.methods.sources.output.parse(readSources())
}

test('services fill in what they know, never the password; a nonsense port is left out', () => {
  const folder = tempFolder('sources')
  const file = path.join(folder, 'services')
  fs.writeFileSync(
    file,
    '[a]\nhost=h\nport=5433\ndbname=d\nuser=u\npassword=hidden-one\nsslmode=require\n[b]\nport=many\nhostaddr=10.0.0.1\n',
  )
  const found = read(folder)
  expect(found.services).toEqual([
    { name: 'a', file, settings: { host: 'h', port: 5433, database: 'd', user: 'u', sslmode: 'require' } },
    { name: 'b', file, settings: { host: '10.0.0.1' } },
  ])
  expect(JSON.stringify(found)).not.toContain('hidden-one')
})

test('the passfile: absent, usable, ignored with the command that helps', () => {
  const folder = tempFolder('sources')
  const file = path.join(folder, 'pass')
  expect(read(folder).passfile).toEqual({ path: file, exists: false, problem: '' })
  fs.writeFileSync(file, '*:*:*:*:x\n', { mode: 0o600 })
  expect(read(folder).passfile).toEqual({ path: file, exists: true, problem: '' })
  fs.chmodSync(file, 0o644)
  expect(read(folder).passfile).toMatchObject({ exists: true, problem: expect.stringContaining(`chmod 0600 ${file}`) })
})
