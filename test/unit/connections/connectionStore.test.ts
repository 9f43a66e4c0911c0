// Saved connections: passwords stay where they belong, the file holds none in the clear, and the read-only mark blocks.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createConnectionStore } from '../../../electron/postgres/connectionStore'
import { Secret } from '../../../electron/process/secret'
import type { ConnectionDraft, SecretVault } from '../../../electron/services'
import { emptyConnectionSettings } from '../../../shared/model/connection'
import { tempFolder } from '../../support/tempFolder'

const password = 'pa:ss\\word-9f2'

function realVault(): SecretVault {
  const key = randomBytes(32)
  return {
    canRemember: true,
    reason: '',
    encrypt: async (secret) => {
      const iv = randomBytes(16)
      const cipher = createCipheriv('aes-256-ctr', key, iv)
      return `${iv.toString('hex')}:${cipher.update(secret.reveal(), 'utf8', 'hex')}`
    },
    decrypt: async (text) => {
      const [iv = '', data = ''] = text.split(':')
      return new Secret(createDecipheriv('aes-256-ctr', key, Buffer.from(iv, 'hex')).update(data, 'hex', 'utf8'))
    },
  }
}

const noVault: SecretVault = {
  canRemember: false,
  reason: 'There is no keyring here.',
  encrypt: () => Promise.reject(new Error('must not be called')),
  decrypt: () => Promise.reject(new Error('must not be called')),
}

function setUp(vault: SecretVault) {
  const folder = tempFolder('store')
  const paths = { data: path.join(folder, 'data'), scratch: path.join(folder, 'scratch') }
  return { paths, store: createConnectionStore({ paths, vault }), file: path.join(paths.data, 'connections.json') }
}

function draft(changes: Partial<ConnectionDraft & { label: string; readOnly: boolean }> = {}) {
  return {
    id: null,
    label: 'one',
    colour: 'slate' as const,
    readOnly: false,
    settings: { ...emptyConnectionSettings, host: 'db', port: 5432, user: 'alice', passfile: '/nowhere/pgpass' },
    password: { kind: 'set' as const, password, remember: true },
    ...changes,
  }
}

test('a remembered password is kept encrypted, in a file for the owner only, and is there after a restart', async () => {
  const vault = realVault()
  const { paths, store, file } = setUp(vault)
  const saved = await store.save(draft())
  expect(saved.password).toBe('encrypted')
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  expect(fs.readFileSync(file, 'utf8')).not.toContain(password)
  expect(JSON.stringify(store.list())).not.toContain(password)
  const again = createConnectionStore({ paths, vault })
  expect(again.list()).toEqual([saved])
  expect((await again.resolve(saved.id)).password?.reveal()).toBe(password)
})

test('without a vault it stays in memory, nothing of it is in any file, and a restart forgets it', async () => {
  const { paths, store } = setUp(noVault)
  const saved = await store.save(draft())
  expect(saved.password).toBe('memory')
  expect((await store.resolve(saved.id)).password?.reveal()).toBe(password)
  const files = fs
    .readdirSync(paths.data, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
  expect(files.map(({ name }) => name)).toContain('connections.json')
  for (const { name } of files) expect(fs.readFileSync(path.join(paths.data, name), 'utf8')).not.toContain('word-9f2')
  const again = createConnectionStore({ paths, vault: noVault })
  expect(again.get(saved.id).password).toBe('none')
  expect((await again.resolve(saved.id)).password).toBeNull()
})

test('not to be remembered: memory only, also with a vault; and it replaces what was remembered', async () => {
  const { store, file } = setUp(realVault())
  const saved = await store.save(draft())
  const changed = await store.save({ ...draft({ id: saved.id }), password: { kind: 'set', password: 'other', remember: false } })
  expect(changed.password).toBe('memory')
  expect(JSON.parse(fs.readFileSync(file, 'utf8')).connections[0].secret).toBeNull()
  expect((await store.resolve(saved.id)).password?.reveal()).toBe('other')
})

test.each([
  ['host', { host: 'other' }],
  ['port', { port: 5433 }],
  ['user', { user: 'bob' }],
])('a kept password does not travel to another %s: saved, tested, in memory or encrypted', async (_what, change) => {
  for (const vault of [realVault(), noVault]) {
    const { store } = setUp(vault)
    const saved = await store.save(draft())
    const settings = { ...draft().settings, ...change }
    const tried = await store.resolveDraft({ id: saved.id, settings, password: { kind: 'keep' } })
    expect(tried.password).toBeNull()
    const changed = await store.save(draft({ id: saved.id, settings, password: { kind: 'keep' } }))
    expect(changed.password).toBe('none')
    expect((await store.resolve(saved.id)).password).toBeNull()
    // Nor does it come back with the old settings.
    expect((await store.save(draft({ id: saved.id, password: { kind: 'keep' } }))).password).toBe('none')
  }
})

test('it stays when database, label, colour or TLS mode change', async () => {
  const { store } = setUp(realVault())
  const saved = await store.save(draft())
  const settings = { ...draft().settings, database: 'x', sslmode: 'require' as const }
  const changed = await store.save(draft({ id: saved.id, label: 'two', settings, password: { kind: 'keep' } }))
  expect(changed.password).toBe('encrypted')
  expect((await store.resolve(saved.id)).password?.reveal()).toBe(password)
})

test('a password given for a service is not used when the service comes to mean another server', async () => {
  const { store, paths } = setUp(realVault())
  const services = path.join(paths.data, '..', 'services')
  fs.writeFileSync(services, '[shop]\nhost=first\nuser=alice\n')
  process.env.PGSERVICEFILE = services
  try {
    const settings = { ...emptyConnectionSettings, service: 'shop', passfile: '/nowhere/pgpass' }
    const saved = await store.save(draft({ settings }))
    expect((await store.resolve(saved.id)).settings).toMatchObject({
      host: 'first',
      user: 'alice',
      port: 5432,
      database: 'alice',
    })
    expect((await store.resolve(saved.id)).password?.reveal()).toBe(password)
    fs.writeFileSync(services, '[shop]\nhost=second\nuser=alice\n')
    expect((await store.resolve(saved.id)).password).toBeNull()
    await expect(store.save(draft({ label: 'x', settings: { ...settings, service: 'none' } }))).rejects.toThrow(
      'The service "none" is in none',
    )
  } finally {
    delete process.env.PGSERVICEFILE
  }
})

test('order of passwords: saved, service, passfile; and the variables of the shell count for nothing', async () => {
  const { store, paths } = setUp(realVault())
  const folder = path.join(paths.data, '..')
  const services = path.join(folder, 'services')
  fs.writeFileSync(
    services,
    `[with]\nhost=h\nuser=u\npassword=from-service\n[without]\nhost=h\nuser=u\npassfile=${folder}/pass\n`,
  )
  fs.writeFileSync(path.join(folder, 'pass'), 'h:5432:u:u:from-passfile\n', { mode: 0o600 })
  const shell = {
    PGSERVICEFILE: services,
    PGHOST: 'wrong',
    PGUSER: 'wrong',
    PGPORT: '1',
    PGPASSWORD: 'wrong',
    PGDATABASE: 'wrong',
    PGSSLMODE: 'disable',
  }
  Object.assign(process.env, shell)
  try {
    const resolve = (service: string, kind: 'none' | 'set') =>
      store.resolveDraft({
        id: null,
        settings: { ...emptyConnectionSettings, service },
        password: kind === 'none' ? { kind } : { kind, password: 'typed', remember: false },
      })
    expect((await resolve('with', 'set')).password?.reveal()).toBe('typed')
    expect((await resolve('with', 'none')).password?.reveal()).toBe('from-service')
    expect((await resolve('without', 'none')).password?.reveal()).toBe('from-passfile')
    expect((await resolve('with', 'none')).settings).toMatchObject({
      host: 'h',
      user: 'u',
      port: 5432,
      database: 'u',
      sslmode: 'prefer',
    })
  } finally {
    for (const name of Object.keys(shell)) delete process.env[name]
  }
})

test('settings that cannot mean one server are refused', async () => {
  const { store } = setUp(noVault)
  const settings = draft().settings
  await expect(store.save(draft({ settings: { ...settings, host: 'a,b' } }))).rejects.toThrow(
    'a connection here means exactly one server',
  )
  await expect(store.save(draft({ settings: { ...settings, user: 'a\0database\0x' } }))).rejects.toThrow(
    'The user holds a NUL byte',
  )
  expect(store.list()).toEqual([])
})

test('a label is given once', async () => {
  const { store } = setUp(noVault)
  const saved = await store.save(draft())
  await expect(store.save(draft())).rejects.toThrow('There is already a connection named one.')
  await expect(store.save(draft({ id: saved.id, readOnly: true }))).resolves.toMatchObject({ readOnly: true })
})

test('the read-only mark blocks by name of the action', async () => {
  const { store } = setUp(noVault)
  const { id } = await store.save(draft({ readOnly: true }))
  expect(() => store.requireWritable(id, 'Restoring')).toThrow('Restoring is blocked: one is marked read-only.')
  await store.save(draft({ id, readOnly: false }))
  expect(() => store.requireWritable(id, 'Restoring')).not.toThrow()
  expect(() => store.requireWritable('gone', 'Restoring')).toThrow('does not exist any more')
})

test('practice connections come, are replaced and go with their cluster only', async () => {
  const { store } = setUp(noVault)
  await store.save(draft({ label: 'Practice: main' }))
  const { settings, colour } = draft()
  const practice = { id: 'p1', label: 'Practice: main', colour, readOnly: false, settings, practice: 'main' as const }
  store.putPractice(practice)
  store.putPractice({ ...practice, id: 'p2', settings: { ...settings, port: 6000 } })
  expect(store.list().map(({ id, label }) => [id.length > 2 ? 'own' : id, label])).toEqual([
    ['own', 'Practice: main'],
    ['p2', 'Practice: main (2)'],
  ])
  expect(() => store.remove('p2')).toThrow('belongs to a practice cluster')
  store.removePractice('main')
  expect(store.list()).toHaveLength(1)
})

test('a file that cannot be understood is never overwritten', async () => {
  const { paths, store, file } = setUp(noVault)
  await store.save(draft())
  fs.writeFileSync(file, '{"version":1,"conn')
  expect(() => createConnectionStore({ paths, vault: noVault })).toThrow(`The saved connections in ${file} can't be read.`)
  expect(fs.readFileSync(file, 'utf8')).toBe('{"version":1,"conn')
})

test('the passfile of a tool is private, escaped, and gone after remove; a line break in a password is refused', async () => {
  const { store, paths } = setUp(noVault)
  const { id } = await store.save(draft())
  const connection = await store.resolve(id)
  const [one, two] = [await store.toolEnvironment(connection), await store.toolEnvironment(connection)]
  expect(one.env.PGPASSFILE).not.toBe(two.env.PGPASSFILE)
  expect(fs.statSync(paths.scratch).mode & 0o777).toBe(0o700)
  expect(fs.statSync(one.env.PGPASSFILE ?? '').mode & 0o777).toBe(0o600)
  expect(fs.readFileSync(one.env.PGPASSFILE ?? '', 'utf8')).toBe('*:*:*:*:pa\\:ss\\\\word-9f2\n')
  expect(JSON.stringify(one)).not.toContain('word-9f2')
  expect(one.env).not.toHaveProperty('PGPASSWORD')
  await one.remove()
  await one.remove()
  expect(fs.readdirSync(paths.scratch)).toHaveLength(1)
  await two.remove()
  await expect(store.toolEnvironment({ ...connection, password: new Secret('a\nb') })).rejects.toThrow('holds a line break')
})

test('with no password a tool is pointed at the passfile libpq would use, or at none', async () => {
  const { store, paths } = setUp(noVault)
  const own = path.join(paths.data, 'own')
  const settings = { ...draft().settings, passfile: own }
  const { id } = await store.save(draft({ settings, password: { kind: 'none' } }))
  fs.writeFileSync(own, 'db:5432:other:alice:x\n', { mode: 0o600 })
  expect((await store.toolEnvironment(await store.resolve(id))).env.PGPASSFILE).toBe(own)
  fs.chmodSync(own, 0o644)
  const { env } = await store.toolEnvironment(await store.resolve(id))
  expect(env.PGPASSFILE).not.toBe(own)
  expect(fs.existsSync(env.PGPASSFILE ?? '')).toBe(false)
})
