// The catalog, verification and removal of real backups: what is whole passes, whatever was changed is named.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readRecord, recordName } from '../../electron/library/recordFile'
import { dumpFormats } from '../../shared/model/backupRecord'
import { newestMajor, sharedCluster, testMajors } from '../support/clusters'
import { context, type DumpApp, dumpApp, filesBelow, makeShop, only } from './dumpSetup'

const places = process.env.WALKBACK_LONG === '1' ? 100 : 5

let app: DumpApp
/** A dump of each format, and a folder where each test finds them fresh. */
const originals = new Map<string, string>()
let copies: string

beforeAll(async () => {
  app = await dumpApp()
  const cluster = await sharedCluster(newestMajor())
  await makeShop(cluster, 'shop', 5000)
  const id = await app.connect(cluster, undefined, 'origin')
  for (const format of dumpFormats) {
    const job = await app.run(app.request(id, 'shop', { format }))
    if (!job.result?.backupPath) throw new Error(JSON.stringify(job.error))
    originals.set(format, job.result.backupPath)
  }
  copies = path.join(app.library, 'copies')
})

beforeEach(() => fs.rmSync(copies, { recursive: true, force: true }))

afterAll(() => app.close())

function copyOf(format: string): string {
  const original = originals.get(format) ?? ''
  const copy = path.join(copies, path.basename(original))
  fs.cpSync(original, copy, { recursive: true })
  return copy
}

function payload(folder: string): string[] {
  return filesBelow(folder).filter((file) => path.basename(file) !== recordName)
}

describe('verify', () => {
  it.each(dumpFormats)('finds a %s backup whole and adds that to its record', async (format) => {
    const folder = copyOf(format)
    const before = await readRecord(folder)
    const job = await app.verify(folder)
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    const record = await readRecord(folder)
    expect(record.verifications.slice(before.verifications.length)).toMatchObject([
      { level: 'checksums', ok: true },
      { level: 'read', ok: true },
    ])
    expect({ ...record, verifications: [] }).toEqual({ ...before, verifications: [] })
    expect(filesBelow(folder).map((file) => path.basename(file))).not.toContainEqual(expect.stringContaining('.tmp'))
  })

  it(`names the file where one bit was flipped, at ${places} places`, async () => {
    for (let count = 0; count < places; count += 1) {
      const folder = copyOf(dumpFormats[count % dumpFormats.length] ?? 'custom')
      const files = payload(folder).filter((file) => fs.statSync(file).size > 0)
      const file = files[Math.floor(Math.random() * files.length)] ?? ''
      const content = fs.readFileSync(file)
      const at = Math.floor(Math.random() * content.length)
      content.writeUInt8(content.readUInt8(at) ^ (1 << (count % 8)), at)
      fs.writeFileSync(file, content)
      const name = path.relative(folder, file)
      const job = await app.verify(folder)
      expect(job.state, `${name} at ${at}`).toBe('failed')
      expect(job.error).toMatchObject({
        code: 'tool_failed',
        message: `This backup is damaged: ${name} differs from its SHA-256.`,
      })
      expect(only(job.issues)).toMatchObject({ severity: 'error', object: name })
      expect((await readRecord(folder)).verifications.at(-1)).toMatchObject({
        level: 'checksums',
        ok: false,
        detail: `${name} differs from its SHA-256.`,
      })
      fs.rmSync(folder, { recursive: true })
    }
  })

  it('names files that are cut off, have grown, are missing, were added or replaced by links, all at once', async () => {
    const folder = copyOf('directory')
    const files = payload(folder).filter(
      (file) => file.endsWith('.gz') || file.endsWith('.zst') || file.endsWith('.dat') || /\.dat\./.test(file),
    )
    const [cut, grown, missing] = files.map((file) => path.relative(folder, file))
    if (!cut || !grown || !missing) throw new Error('the dump has too few files')
    const size = (name: string) => fs.statSync(path.join(folder, name)).size
    const [cutSize, grownSize] = [size(cut), size(grown)]
    fs.truncateSync(path.join(folder, cut), cutSize - 1)
    fs.appendFileSync(path.join(folder, grown), 'x')
    fs.rmSync(path.join(folder, missing))
    fs.writeFileSync(path.join(folder, 'data', 'added'), 'x')
    fs.rmSync(path.join(folder, 'globals.sql'))
    fs.symlinkSync('/etc/passwd', path.join(folder, 'globals.sql'))
    const job = await app.verify(folder)
    expect(job.state).toBe('failed')
    expect(job.issues.map((issue) => issue.message).toSorted()).toEqual(
      [
        `${cut} is cut off: ${cutSize - 1} bytes, recorded are ${cutSize}.`,
        `${grown} has grown: ${grownSize + 1} bytes, recorded are ${grownSize}.`,
        `${missing} is missing.`,
        'globals.sql is missing.',
        'data/added was added: the record does not list it.',
      ].toSorted(),
    )
    expect(job.steps.map((step) => step.state)).toEqual(['failed', 'skipped'])
  })

  it('catches an archive whose record was made to fit the damage, by reading it', async () => {
    const folder = copyOf('custom')
    const record = await readRecord(folder)
    const archive = path.join(folder, record.artifact)
    fs.truncateSync(archive, Math.floor(fs.statSync(archive).size * 0.7))
    const sum = execFileSync('sha256sum', [archive], { encoding: 'utf8' }).slice(0, 64)
    const files = record.files.map((file) =>
      file.path === record.artifact ? { ...file, size: String(fs.statSync(archive).size), sha256: sum } : file,
    )
    fs.writeFileSync(path.join(folder, recordName), JSON.stringify({ ...record, files }))
    const job = await app.verify(folder)
    expect(job.state).toBe('failed')
    expect(job.error?.message).toMatch(
      /^This backup is damaged: data\.dump pg_restore [\d.]+ failed: the archive can’t be read in full/,
    )
    expect((await readRecord(folder)).verifications.at(-1)).toMatchObject({ level: 'read', ok: false })
  })

  it('catches a script that was cut off, the same way', async () => {
    const folder = copyOf('plain')
    const record = await readRecord(folder)
    const script = path.join(folder, record.artifact)
    fs.truncateSync(script, fs.statSync(script).size - 200)
    const sum = execFileSync('sha256sum', [script], { encoding: 'utf8' }).slice(0, 64)
    const files = record.files.map((file) =>
      file.path === record.artifact ? { ...file, size: String(fs.statSync(script).size), sha256: sum } : file,
    )
    fs.writeFileSync(path.join(folder, recordName), JSON.stringify({ ...record, files }))
    const job = await app.verify(folder)
    expect(job.error?.message).toContain('data.sql does not end as a whole script does: it is cut off.')
  })

  it('says when it can only compare checksums, since no pg_restore is new enough', async () => {
    const oldest = testMajors()[0] ?? 13
    if (oldest === newestMajor()) throw new Error('this test needs two majors')
    const folder = copyOf('custom')
    const old = await dumpApp([oldest])
    try {
      const job = await old.verify(folder)
      expect(job.state).toBe('succeeded')
      expect(job.steps.find((step) => step.id === 'read')).toMatchObject({
        state: 'skipped',
        detail: `not read: no pg_restore ${newestMajor()} or newer is here.`,
      })
      expect((await readRecord(folder)).verifications.at(-1)).toMatchObject({ level: 'checksums', ok: true })
    } finally {
      await old.close()
    }
  })

  it('refuses what is no backup, a relative path, and a second verify of the same', async () => {
    await expect(app.verify('/tmp')).rejects.toMatchObject({ code: 'not_found' })
    await expect(app.verify('relative')).rejects.toMatchObject({ code: 'bad_input' })
    const folder = copyOf('tar')
    // One may be over before the other is asked for.
    await expect
      .poll(async () => {
        const both = await Promise.allSettled([app.verify(folder), app.verify(folder)])
        expect(both.some((one) => one.status === 'fulfilled' && one.value.state === 'succeeded')).toBe(true)
        return both.find(({ status }) => status === 'rejected')
      })
      .toMatchObject({ reason: { code: 'conflict' } })
  })
})

describe('the catalog', () => {
  it('lists backups with their records, newest first, and names oddities', async () => {
    const copy = copyOf('custom')
    fs.mkdirSync(path.join(copies, 'half.partial'))
    fs.mkdirSync(path.join(copies, 'broken'))
    fs.writeFileSync(path.join(copies, 'broken', recordName), 'x')
    const { backups, oddities, libraries } = await app.backups.list({}, context)
    expect(new Set(backups.map((backup) => backup.path))).toEqual(new Set([copy, ...originals.values()]))
    const times = backups.map((backup) => backup.record.startedAt)
    expect(times).toEqual([...times].toSorted().toReversed())
    const found = backups.find((backup) => backup.path === copy)
    expect(Number(found?.size)).toBe(payload(copy).reduce((sum, file) => sum + fs.statSync(file).size, 0))
    expect(oddities.map((oddity) => [path.basename(oddity.path), oddity.kind]).toSorted()).toEqual([
      ['broken', 'unreadable'],
      ['half.partial', 'partial'],
    ])
    expect(libraries[0]).toMatchObject({ path: app.library, exists: true })
    expect(Number(libraries[0]?.freeBytes)).toBeGreaterThan(0)
  })

  it('does not name the unfinished folder of a running dump', async () => {
    const cluster = await sharedCluster(newestMajor())
    const id = await app.connect(cluster)
    const holder = await cluster.client('shop')
    await holder.query('BEGIN; LOCK TABLE sales.customers IN ACCESS EXCLUSIVE MODE')
    const { jobId } = await app.dump.start(app.request(id, 'shop', { library: app.library }), context)
    const partialThere = () =>
      app.services.jobs.get(jobId).outputs.some((output) => output.partial !== null && fs.existsSync(output.partial))
    for (let tries = 0; !partialThere() && tries < 1000; tries += 1) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(partialThere()).toBe(true)
    const during = await app.backups.list({}, context)
    const partial = only(app.services.jobs.get(jobId).outputs).partial ?? ''
    await expect(app.backups.remove({ path: partial, confirm: path.basename(partial) }, context)).rejects.toMatchObject({
      code: 'conflict',
    })
    app.services.jobs.cancel(jobId)
    await app.services.jobs.ended(jobId)
    await holder.end()
    expect(during.oddities).toEqual([])
  })
})

describe('remove', () => {
  it('moves a backup to the trash of its library after the typed name', async () => {
    const folder = copyOf('plain')
    const name = path.basename(folder)
    await expect(app.backups.remove({ path: folder, confirm: 'yes' }, context)).rejects.toMatchObject({
      code: 'bad_input',
      message: `The typed name is not the folder's: ${name}.`,
    })
    expect(fs.existsSync(folder)).toBe(true)
    const { movedTo } = await app.backups.remove({ path: folder, confirm: name }, context)
    expect(movedTo).toBe(path.join(app.library, '.trash', name))
    expect(fs.existsSync(folder)).toBe(false)
    expect((await readRecord(movedTo)).artifact).toBe('data.sql')
    expect((await app.backups.list({}, context)).backups.map((backup) => backup.path)).not.toContain(folder)
    await expect(app.backups.remove({ path: movedTo, confirm: name }, context)).rejects.toMatchObject({ code: 'permission' })
  })

  it('removes an unfinished backup, and nothing else', async () => {
    fs.mkdirSync(path.join(copies, 'half.partial'), { recursive: true })
    await app.backups.remove({ path: path.join(copies, 'half.partial'), confirm: 'half.partial' }, context)
    expect(fs.existsSync(path.join(copies, 'half.partial'))).toBe(false)
    const refuse = (folder: string) => app.backups.remove({ path: folder, confirm: path.basename(folder) }, context)
    await expect(refuse(copies)).rejects.toMatchObject({ code: 'bad_input' })
    await expect(refuse(app.library)).rejects.toMatchObject({ code: 'permission' })
    await expect(refuse('/etc')).rejects.toMatchObject({ code: 'permission' })
    await expect(refuse(path.join(app.library, 'gone'))).rejects.toMatchObject({ code: 'not_found' })
    const outside = path.join(app.dataFolder, 'outside')
    fs.cpSync(originals.get('tar') ?? '', outside, { recursive: true })
    await expect(refuse(outside)).rejects.toMatchObject({ code: 'permission' })
    fs.symlinkSync(outside, path.join(copies, 'link'))
    await expect(refuse(path.join(copies, 'link'))).rejects.toMatchObject({ code: 'permission' })
    expect(fs.existsSync(path.join(outside, recordName))).toBe(true)
  })
})
