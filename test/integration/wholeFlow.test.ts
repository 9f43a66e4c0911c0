// The application's main job through the headless host, practice cluster, dump, drop, restore, same rows;
// and the cluster's password is found nowhere but in its own passfile.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { binFolder, newestOrAll } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { hashTables } from '../support/tableHashes'
import { tempFolder } from '../support/tempFolder'

let serve: ServeProcess | undefined
let core: RemoteCore | undefined

afterEach(async () => {
  core?.close()
  await serve?.stop()
})

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Files below the folders that hold the text; sockets and the database's own files are not looked at. */
function filesHolding(text: string, folders: string[]): string[] {
  return folders
    .flatMap(filesBelow)
    .filter((file) => !/\/practice\/[^/]+\/data\//.test(file) && statSync(file).size < 64 << 20)
    .filter((file) => readFileSync(file).includes(text))
}

function readPassword(file: string): string {
  return readFileSync(file, 'utf8').trim().split(':').at(-1) ?? ''
}

/** The same flow runs in a browser on the oldest too. */
describe.each(newestOrAll())('PostgreSQL %i', (major) => {
  test('practice cluster, dump, drop, restore: the same rows, and no password anywhere', async () => {
    const dataFolder = tempFolder(`flow${major}`)
    serve = await startServe({ dataFolder })
    core = await connectServe(serve)
    const { api } = core
    const bin = binFolder(major)
    const settings = await api.host.settings({})
    await api.host.saveSettings({ ...settings, installationFolders: [bin] })
    const { installations } = await api.practice.list({})
    expect(installations.map(({ folder }) => folder)).toContain(bin)

    const commandLines = new Set<string>()
    const watcher = setInterval(() => {
      for (const line of execFileSync('ps', ['-eo', 'args']).toString().split('\n')) commandLines.add(line)
    }, 150)
    try {
      const made = await jobEnd(api, (await api.practice.make({ name: 'main', folder: bin, fill: true })).jobId)
      expect(made.error).toBeNull()
      expect(made.state).toBe('succeeded')
      const cluster = (await api.practice.list({})).clusters.find(({ name }) => name === 'main')
      expect(cluster).toMatchObject({ state: 'running', filled: true })
      expect(Math.floor((cluster?.version ?? 0) / 10000)).toBe(major)
      const connectionId = cluster?.connectionId ?? ''
      const port = cluster?.port ?? 0
      const { connections } = await api.connections.list({})
      const password = readPassword(connections[0]?.settings.passfile ?? '')
      expect(password.length).toBeGreaterThan(10)

      const hashes = async () => {
        const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password, database: 'shop' })
        await client.connect()
        try {
          return await hashTables(client)
        } finally {
          await client.end()
        }
      }
      const before = await hashes()

      const prepared = await api.dump.prepare({ connectionId, database: 'shop' })
      expect(Math.floor((prepared.tool?.version ?? 0) / 10000)).toBe(major)
      const request = {
        connectionId,
        database: 'shop',
        format: prepared.defaults.format,
        options: prepared.defaults.options,
        globals: true,
        library: prepared.libraries[0]?.path ?? '',
        label: '',
      }
      expect(request.format).toBe('directory')
      const preview = await api.dump.preview(request)
      expect(preview.blocked).toBe('')
      const dumped = await jobEnd(api, (await api.dump.start(request)).jobId)
      expect(dumped.error).toBeNull()
      expect(dumped.state).toBe('succeeded')
      const path = dumped.result?.backupPath ?? ''
      const { backups } = await api.backups.list({})
      expect(backups.map((entry) => entry.path)).toEqual([path])

      await expect(api.connections.dropDatabase({ connectionId, database: 'shop', confirm: 'Shop' })).rejects.toThrow()
      await api.connections.dropDatabase({ connectionId, database: 'shop', confirm: 'shop' })
      const page = await api.connections.server({ connectionId })
      expect(page.databases.map(({ name }) => name)).not.toContain('shop')

      const toRestore = await api.restore.prepare({ connectionId, source: { path } })
      expect(toRestore.suggestedDatabase).toBe('shop')
      const restoreRequest = {
        connectionId,
        source: { path },
        target: toRestore.suggestedTarget,
        options: toRestore.defaults,
        analyze: true,
        continueOnError: false,
        singleTransaction: false,
      }
      expect((await api.restore.preview(restoreRequest)).blocked).toBe('')
      const restored = await jobEnd(api, (await api.restore.start(restoreRequest)).jobId)
      expect(restored.error).toBeNull()
      expect(restored.issues).toEqual([])
      expect(restored.state).toBe('succeeded')
      expect(await hashes()).toEqual(before)

      const everything = JSON.stringify([
        await api.jobs.get({ jobId: dumped.id }),
        await api.jobs.get({ jobId: restored.id }),
        connections,
        preview,
      ])
      expect(everything).not.toContain(password)
      const holding = filesHolding(password, [dataFolder, fileURLToPath(new URL('../../dist', import.meta.url))])
      expect(holding.filter((file) => !file.endsWith('pgpass'))).toEqual([])
      expect(holding.length).toBeGreaterThan(0)
      expect(serve.output()).not.toContain(password)
      expect([...commandLines].filter((line) => line.includes(password))).toEqual([])
      expect([...commandLines].some((line) => line.includes('pg_dump'))).toBe(true)
    } finally {
      clearInterval(watcher)
      if (core) await jobEnd(core.api, (await core.api.practice.remove({ name: 'main', confirm: 'main' })).jobId)
    }
  }, 240_000)
})
