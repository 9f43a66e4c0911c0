// Base backups and their archives, damaged byte by byte and file by file: verification catches it and names the file.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VerifyRequest } from '../../shared/contracts/backups'
import { toLsn } from '../../shared/model/lsn'
import { parseSegmentName, segmentStart } from '../../shared/model/walFile'
import { binFolder, endMajors, testMajors } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { type ArchivingCluster, archived, startArchiving, switchWal, work } from '../support/walArchives'
import { addTablespaces, type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'
import { dumpApp } from './dumpSetup'
import { anyOf, blamed, contentsOf, filesIn, flip, mapWal, readWal, said, someOf, verificationsOf } from './verifySetup'

const flips = process.env.WALKBACK_LONG === '1' ? 100 : 6
const geometry = { segmentSize: 1024 * 1024, pageSize: 8192 }

let base: BaseCore
beforeAll(async () => {
  base = await baseCore()
})

const verify = async (path: string, more: Omit<VerifyRequest, 'path'> = {}) =>
  base.core.ended(await base.core.api.backups.verify({ path, ...more }))

/** Segments of 1 MB, two tablespaces, and an ident file outside the data directory. */
async function makeOrigin(major: number): Promise<ArchivingCluster> {
  const origin = await startArchiving({ major, segmentSize: 1, prefix: `levels${major}` })
  const { cluster } = origin
  await addTablespaces(cluster, 500)
  const ident = path.join(cluster.folder, 'pg_ident.conf')
  fs.writeFileSync(ident, '# MAPNAME  SYSTEM-USERNAME  PG-USERNAME\nours  postgres  postgres\n')
  fs.chownSync(ident, testAccount().uid, testAccount().gid)
  await cluster.sql(`ALTER SYSTEM SET ident_file = '${ident}'`)
  await cluster.stop()
  await cluster.start()
  return origin
}

const isSegment = (name: string) => /^[0-9A-F]{24}$/.test(name)

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let origin: ArchivingCluster
  let plain: string
  let tar: string
  /** Segments of the archive from the one in which the plain backup ends. */
  let after: string[]

  beforeAll(async () => {
    origin = await makeOrigin(major)
    const { cluster, archive } = origin
    const id = await base.connect(cluster)
    plain = folderOf(await base.run(base.request(id)))
    tar = folderOf(
      await base.run(base.request(id, { format: 'tar', options: { walMethod: 'stream', checkpoint: 'fast', compress: '1' } })),
    )
    await work(cluster, 2)
    await switchWal(cluster)
    await cluster.sql('CREATE TABLE later (n int)')
    await switchWal(cluster)
    await archived(cluster)
    await base.core.api.walArchive.register({ folder: archive, label: `archive of ${major}`, connectionId: null })
    const stop = toLsn(recordIn(plain).stop.lsn) / BigInt(geometry.segmentSize)
    after = fs
      .readdirSync(archive)
      .filter((name) => isSegment(name) && (parseSegmentName(name, geometry.segmentSize)?.number ?? 0n) >= stop)
      .toSorted()
  }, 180_000)
  afterAll(() => origin?.cluster.remove())

  it('a whole backup leaves a dated result for each level', async () => {
    for (const folder of [plain, tar]) {
      const before = [verificationsOf(folder), contentsOf(folder)] as const
      const job = await verify(folder)
      expect(job.error, said(job)).toBeNull()
      expect(job.state).toBe('succeeded')
      expect(job.steps.map(({ id, state }) => `${id} ${state}`)).toEqual(['checksums done', 'manifest done', 'wal done'])
      const now = verificationsOf(folder)
      expect(now.slice(0, before[0].length)).toEqual(before[0])
      const [checksums, manifest, wal, more] = now.slice(before[0].length)
      expect(more).toBeUndefined()
      expect(checksums).toMatchObject({ level: 'checksums', ok: true })
      expect(manifest?.detail).toMatch(
        folder === plain ? /^\d+ files as in the manifest, its WAL read$/ : /^\d+ files as in the manifest$/,
      )
      const { start, stop } = recordIn(folder)
      expect(
        wal?.detail.startsWith(
          `Its own WAL from ${start.lsn} to ${stop.lsn} is sound; archive of ${major}: All WAL from ${stop.lsn} to `,
        ),
        wal?.detail,
      ).toBe(true)
      for (const { at } of [checksums, manifest, wal].filter((one) => one !== undefined))
        expect(Date.now() - Date.parse(at)).toBeLessThan(120_000)
      expect(contentsOf(folder)).toBe(before[1])
    }
  }, 120_000)

  it(`${flips} flipped bytes in the files of a plain backup are caught, each by its file`, async () => {
    const files = filesIn(plain).filter((file) => fs.statSync(path.join(plain, file)).size > 0)
    const before = contentsOf(plain)
    // Several files at once: each has to be named.
    for (let done = 0; done < flips; done += 6) {
      const flipped = someOf(
        files.filter((file) => !file.endsWith('backup_manifest')),
        Math.min(6, flips - done),
      ).map((file) => flip(plain, file))
      const damage = contentsOf(plain)
      const job = await verify(plain, { levels: ['checksums', 'manifest'] })
      expect(contentsOf(plain)).toBe(damage)
      for (const each of flipped) each.undo()
      const where = `${flipped.map(({ file, at }) => `${file} at ${at}`).join(', ')}\n${said(job)}`
      expect(job.state, where).toBe('failed')
      expect(job.error?.message, where).toMatch(/^This backup is damaged: /)
      expect(blamed(job).toSorted(), where).toEqual(flipped.map(({ file }) => file).toSorted())
    }
    expect(contentsOf(plain)).toBe(before)
  }, 600_000)

  it('each kind of file by itself: manifest, WAL, copied settings, tablespace, and what the manifest does not cover', async () => {
    const files = filesIn(plain)
    const kinds = [
      ...Array.from({ length: Math.ceil(flips / 3) }, () => 'data/backup_manifest'),
      anyOf(files.filter((file) => file.startsWith('data/pg_wal/') && isSegment(path.basename(file)))),
      anyOf(files.filter((file) => file.startsWith('settings/'))),
      anyOf(files.filter((file) => file.startsWith('tablespaces/') && fs.statSync(path.join(plain, file)).size > 0)),
      'data/postgresql.auto.conf',
      'data/backup_label',
    ]
    for (const file of kinds) {
      const flipped = flip(plain, file)
      const job = await verify(plain, { levels: ['checksums', 'manifest'] })
      flipped.undo()
      expect(job.state, `${file} at ${flipped.at}`).toBe('failed')
      expect(blamed(job), said(job)).toEqual([file])
      expect(job.error?.message).toContain(file)
      expect(
        verificationsOf(plain)
          .slice(-2)
          .some(({ ok }) => !ok),
      ).toBe(true)
    }
    expect((await verify(plain, { levels: ['checksums', 'manifest'] })).state).toBe('succeeded')
  }, 600_000)

  it(`${flips} flipped bytes in each tar are caught, and the tar is named`, async () => {
    const tars = filesIn(tar).filter((file) => file.endsWith('.tar.gz'))
    expect(tars.length).toBe(4)
    const before = contentsOf(tar)
    for (let done = 0; done < flips; done += 1) {
      const flipped = tars.map((file) => flip(tar, file))
      const job = await verify(tar, { levels: ['checksums'] })
      for (const each of flipped) each.undo()
      expect(job.state).toBe('failed')
      expect(blamed(job).toSorted(), said(job)).toEqual(tars)
    }
    expect(contentsOf(tar)).toBe(before)
  }, 600_000)

  it('the levels manifest and wal catch damage by themselves, whatever the record says', async () => {
    const files = filesIn(plain)
    const relation = anyOf(
      files.filter((file) => /^data\/base\/\d+\/\d+$/.test(file) && fs.statSync(path.join(plain, file)).size > 0),
    )
    const page = flip(plain, relation)
    const manifest = await verify(plain, { levels: ['manifest'] })
    page.undo()
    expect(blamed(manifest), said(manifest)).toEqual([relation])

    // In the first record of the backup: XLogRecord begins with its length and the transaction.
    const { start } = recordIn(plain)
    const segment = files.find(
      (file) =>
        file.startsWith('data/pg_wal/') &&
        parseSegmentName(path.basename(file), geometry.segmentSize)?.number === toLsn(start.lsn) / BigInt(geometry.segmentSize),
    )
    if (segment === undefined) throw new Error('the backup has no WAL')
    const wal = flip(plain, segment, Number(toLsn(start.lsn) % BigInt(geometry.segmentSize)) + 20)
    const jobs = [await verify(plain, { levels: ['manifest'] }), await verify(plain, { levels: ['wal'] })]
    wal.undo()
    for (const job of jobs) {
      expect(job.state).toBe('failed')
      expect(blamed(job), said(job)).toContain(segment)
    }

    // The length of the last record before the backup's end, so that it leads beyond it: pg_waldump takes that for the end.
    const stop = toLsn(recordIn(plain).stop.lsn)
    const last = files.find(
      (file) =>
        file.startsWith('data/pg_wal/') &&
        parseSegmentName(path.basename(file), geometry.segmentSize)?.number === (stop - 1n) / BigInt(geometry.segmentSize),
    )
    const folder = path.join(plain, 'data/pg_wal')
    const listed = readWal(binFolder(major), folder, path.basename(segment), path.basename(last ?? '')) ?? ''
    const final = [...listed.matchAll(/lsn: ([0-9A-F]+\/[0-9A-F]+)/g)]
      .map(([, at]) => toLsn(at ?? ''))
      .findLast((at) => at < stop)
    const place = Number((final ?? 0n) % BigInt(geometry.segmentSize))
    const length = flip(plain, last ?? '', place + 1)
    const cut = await verify(plain, { levels: ['wal'] })
    length.undo()
    expect(cut.state).toBe('failed')
    expect(blamed(cut), said(cut)).toEqual([last])
    expect(said(cut)).toMatch(
      /holds WAL that can’t be read: at [0-9A-F/]+, the record says that it has \d+ bytes, and its checksum/,
    )

    // In a tar: damage within a file, packed again so that only manifest and WAL can tell.
    const base = path.join(tar, 'data/base.tar.gz')
    const whole = fs.readFileSync(base)
    const bytes = execFileSync('gzip', ['-dc', base], { maxBuffer: 1 << 30 })
    const at = bytes.indexOf('START WAL LOCATION')
    expect(at).toBeGreaterThan(0)
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    fs.writeFileSync(base, execFileSync('gzip', ['-1', '-c'], { input: bytes, maxBuffer: 1 << 30 }))
    const inTar = await verify(tar, { levels: ['manifest'] })
    fs.writeFileSync(base, whole)
    expect(blamed(inTar), said(inTar)).toEqual(['data/base.tar.gz'])
    expect(inTar.error?.message).toContain('backup_label')
  }, 120_000)

  it('a truncated tar is named, by each level', async () => {
    for (const name of ['data/base.tar.gz', 'data/pg_wal.tar.gz']) {
      const file = path.join(tar, name)
      const whole = fs.readFileSync(file)
      fs.writeFileSync(file, whole.subarray(0, Math.floor(whole.length * 0.7)))
      const checksums = await verify(tar, { levels: ['checksums'] })
      const other = await verify(tar, { levels: [name.includes('wal') ? 'wal' : 'manifest'] })
      fs.writeFileSync(file, whole)
      expect(blamed(checksums), said(checksums)).toEqual([name])
      expect(checksums.issues[0]?.message).toMatch(/ is cut off: \d+ bytes, recorded are \d+\.$/)
      expect(other.state).toBe('failed')
      expect(blamed(other), said(other)).toContain(name)
    }
  }, 120_000)

  it('removed and added files are named', async () => {
    const files = filesIn(plain)
    const relation = anyOf(files.filter((file) => /^data\/base\/\d+\/\d+$/.test(file)))
    const segment = anyOf(files.filter((file) => file.startsWith('data/pg_wal/') && isSegment(path.basename(file))))
    const aside = path.join(base.library, 'aside')
    for (const file of [relation, segment]) {
      fs.renameSync(path.join(plain, file), aside)
      const job = await verify(plain)
      fs.renameSync(aside, path.join(plain, file))
      expect(job.state).toBe('failed')
      expect(blamed(job), said(job)).toContain(file)
      expect(
        blamed(job).filter((name) => name !== file && !name.startsWith('data/pg_wal')),
        said(job),
      ).toEqual([])
    }
    for (const added of [
      'data/base/1/99999',
      'data/pg_wal/0000000100000000000000FF',
      'settings/added',
      `tablespaces/${recordIn(plain).tablespaces[0]?.oid}/added`,
    ]) {
      fs.writeFileSync(path.join(plain, added), 'x')
      const job = await verify(plain, { levels: ['checksums', 'manifest'] })
      fs.rmSync(path.join(plain, added))
      expect(blamed(job), said(job)).toEqual([added])
      expect(job.issues[0]?.message).toBe(`${added} was added: neither the record nor the manifest lists it.`)
    }
    const cut = path.join(plain, segment)
    const whole = fs.readFileSync(cut)
    fs.truncateSync(cut, 500_000)
    const job = await verify(plain, { levels: ['checksums'] })
    fs.writeFileSync(cut, whole)
    expect(job.error?.message).toBe(`This backup is damaged: ${segment} is cut off: 500000 bytes, recorded are 1048576.`)
  }, 240_000)

  it(`${flips} flipped bytes in the archive after it: caught wherever recovery would notice`, async () => {
    const { archive } = origin
    const bin = binFolder(major)
    const [first = '', last = ''] = [after[0], after.at(-1)]
    const sound = readWal(bin, archive, first, last)
    if (sound === null) throw new Error('the archive is not sound')
    const placeOf = mapWal(sound, geometry)
    const harmless: string[] = []
    for (let n = 0; n < flips; n += 1) {
      const name = anyOf(after)
      const flipped = flip(archive, name)
      const lsn =
        segmentStart(parseSegmentName(name, geometry.segmentSize)?.number ?? 0n, geometry.segmentSize) + BigInt(flipped.at)
      const same = readWal(bin, archive, first, last) === sound
      const job = await verify(plain, { levels: ['wal'] })
      flipped.undo()
      const where = `${name} at ${flipped.at}, ${placeOf(lsn)}\n${said(job)}`
      if (job.state === 'succeeded') {
        // It can't matter: pg_waldump reads the very same records, and the byte is of none of them, nor of a header.
        expect(same, where).toBe(true)
        expect(['between records', 'after a switch', 'after the last record', 'unused byte of a page header'], where).toContain(
          placeOf(lsn),
        )
        harmless.push(placeOf(lsn))
      } else {
        expect(job.error?.message, where).toMatch(/^This backup is whole, but the WAL after it is not: /)
        expect(job.error?.message, where).toContain(name)
      }
    }
    const wal = await verify(plain, { levels: ['wal'] })
    expect(wal.error, `${harmless.length} of ${flips} were harmless`).toBeNull()
  }, 900_000)

  it('bytes that can’t matter: pg_waldump reads the same records before and after, and none of them holds the byte', async () => {
    const { archive } = origin
    const bin = binFolder(major)
    const [first = '', last = ''] = [after[0], after.at(-1)]
    const sound = readWal(bin, archive, first, last) ?? ''
    const placeOf = mapWal(sound, geometry)
    const at = (name: string, offset: number) =>
      segmentStart(parseSegmentName(name, geometry.segmentSize)?.number ?? 0n, geometry.segmentSize) + BigInt(offset)
    // Padding between records, where one does not end on eight bytes; the zeros after a switch; the header's alignment.
    const middle = after.find((name) => placeOf(at(name, geometry.pageSize + 21)) === 'unused byte of a page header')
    if (middle === undefined) throw new Error('no segment holds records on its second page')
    const padding = Array.from({ length: geometry.segmentSize }, (_, offset) => offset).find(
      (offset) => placeOf(at(middle, offset)) === 'between records',
    )
    if (padding === undefined) throw new Error('no record of the segment ends off its alignment')
    // Page headers are there after a switch too, right up to the segment's end; the reader goes on in the next segment.
    const lastPage = geometry.segmentSize - geometry.pageSize
    const switched = after.slice(0, -1).find((name) => placeOf(at(name, lastPage)) === 'after a switch')
    if (switched === undefined) throw new Error('no segment before the last ends with a switch')
    const places = [
      { name: switched, offset: lastPage + 8, kind: 'after a switch' },
      { name: switched, offset: lastPage + 3000, kind: 'after a switch' },
      { name: middle, offset: padding, kind: 'between records' },
      { name: middle, offset: geometry.pageSize + 21, kind: 'unused byte of a page header' },
      { name: last, offset: geometry.segmentSize - 5000, kind: 'after a switch' },
    ] as const
    for (const { name, offset, kind } of places) {
      expect(placeOf(at(name, offset))).toBe(kind)
      const flipped = flip(archive, name, offset)
      const same = readWal(bin, archive, first, last) === sound
      const job = await verify(plain, { levels: ['wal'] })
      flipped.undo()
      expect(same, kind).toBe(true)
      expect(job.error, `${kind}: ${said(job)}`).toBeNull()
    }
  }, 240_000)

  it('a segment of the archive removed, truncated or of another cluster is named', async () => {
    const { archive } = origin
    const middle = after[1] ?? ''
    const file = path.join(archive, middle)
    const whole = fs.readFileSync(file)
    const damages: { make(): void; says: RegExp }[] = [
      { make: () => fs.rmSync(file), says: new RegExp(`${middle} is missing\\. Nothing after `) },
      { make: () => fs.truncateSync(file, 300_000), says: new RegExp(`${middle} has 300,000 of 1,048,576 bytes`) },
      {
        // The long header of the first page holds the system identifier, after 24 bytes.
        make: () =>
          fs.writeFileSync(
            file,
            Buffer.concat([whole.subarray(0, 24), Buffer.from('0102030405060708', 'hex'), whole.subarray(32)]),
          ),
        says: new RegExp(`${middle} is of the cluster \\d+, and this archive of \\d+`),
      },
    ]
    for (const { make, says } of damages) {
      make()
      const job = await verify(plain, { levels: ['wal'] })
      fs.writeFileSync(file, whole)
      expect(job.state).toBe('failed')
      expect(job.error?.message, said(job)).toMatch(says)
      expect(verificationsOf(plain).at(-1)).toMatchObject({ level: 'wal', ok: false })
    }
    expect((await verify(plain, { levels: ['wal'] })).error).toBeNull()
  }, 240_000)

  it('without pg_verifybackup of its major it says so, and compares the files itself', async () => {
    const other = testMajors().find((one) => one !== major)
    if (other === undefined) throw new Error('this test needs two majors')
    const app = await dumpApp([other])
    try {
      const run = async (folder: string) =>
        app.services.jobs.ended((await app.backups.verify({ path: folder }, { signal: new AbortController().signal })).jobId)
      for (const folder of [plain, tar]) {
        const job = await run(folder)
        expect(job.error, said(job)).toBeNull()
        const [checksums, manifest] = verificationsOf(folder).slice(-2)
        expect(checksums).toMatchObject({ level: 'checksums', ok: true })
        expect(manifest?.ok).toBe(true)
        expect(manifest?.detail).toMatch(
          new RegExp(
            `^\\d+ files as in the manifest; there is no pg_verifybackup ${major} here: Walkback compared the files itself, and its WAL was not read$`,
          ),
        )
        expect(job.steps.find(({ id }) => id === 'wal')).toMatchObject({
          state: 'skipped',
          detail: `not read: there is no pg_waldump ${major} here, and no other can read its WAL`,
        })
      }
      const relation = anyOf(
        filesIn(plain).filter((file) => /^data\/base\/\d+\/\d+$/.test(file) && fs.statSync(path.join(plain, file)).size > 0),
      )
      const flipped = flip(plain, relation)
      const job = await run(plain)
      flipped.undo()
      expect(blamed(job), said(job)).toEqual([relation])
    } finally {
      await app.close()
    }
  }, 120_000)

  it('refuses a level that its kind does not have, and an archive of another cluster', async () => {
    await expect(verify(plain, { levels: ['read'] })).rejects.toMatchObject({
      code: 'bad_input',
      message: 'The pages of a running server’s copy are whole only after recovery.',
      hint: 'Choose from checksums, manifest, wal.',
    })
    const { archives } = await base.core.api.walArchive.list({})
    const id = recordIn(plain).source.systemIdentifier
    const stranger = archives.find(({ systemIdentifier }) => systemIdentifier !== id)
    if (stranger) {
      await expect(verify(plain, { archiveId: stranger.id })).rejects.toMatchObject({
        message: `${stranger.label} is the archive of the cluster ${stranger.systemIdentifier}, and this backup is of ${id}.`,
      })
    }
  })
})
