// Verification of what is more than one backup's own files: incremental chains, and the pages of a cold backup.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { VerifyRequest } from '../../shared/contracts/backups'
import { endMajors, startCluster, type TestCluster, testMajors } from '../support/clusters'
import { startCore } from '../support/core'
import { tempFolder } from '../support/tempFolder'
import { baseCore, folderOf, recordIn } from './baseSetup'
import { fillShop, finished, requestFor } from './coldSetup'
import { anyOf, blamed, contentsOf, filesIn, flip, said, verificationsOf } from './verifySetup'

const incremental = testMajors().filter((major) => major >= 17)
const clusters: TestCluster[] = []
afterAll(async () => {
  for (const cluster of clusters) await cluster.remove()
})

describe.each(endMajors().filter((major) => incremental.includes(major)))('a chain on PostgreSQL %i', (major) => {
  it('is verified as a whole, and the member that fails is named', async () => {
    const base = await baseCore()
    const cluster = await startCluster({ major, conf: { summarize_wal: 'on' } })
    clusters.push(cluster)
    const id = await base.connect(cluster)
    await cluster.sql('CREATE TABLE facts AS SELECT i AS id FROM generate_series(1, 1000) i')
    const chain = [folderOf(await base.run(base.request(id)))]
    for (let n = 0; n < 2; n += 1) {
      await cluster.sql('INSERT INTO facts SELECT i FROM generate_series(1, 500) i')
      chain.push(folderOf(await base.run(base.request(id, { parent: chain.at(-1) ?? null }))))
    }
    const [full = '', middle = '', last = ''] = chain
    const verify = async (folder: string, levels: VerifyRequest['levels'] = ['manifest']) =>
      base.core.ended(await base.core.api.backups.verify({ path: folder, levels }))

    const counts = chain.map((folder) => verificationsOf(folder).length)
    const whole = await verify(last)
    expect(whole.error, said(whole)).toBeNull()
    expect(verificationsOf(last).at(-1)?.detail).toMatch(
      /^\d+ files as in the manifest, its WAL read; so are the 2 backups that it builds on$/,
    )
    expect(chain.map((folder) => verificationsOf(folder).length)).toEqual(counts.map((count) => count + 1))

    for (const member of [full, middle]) {
      const file = anyOf(
        filesIn(member).filter(
          (name) => /^data\/base\/\d+\/(INCREMENTAL\.)?\d+$/.test(name) && fs.statSync(path.join(member, name)).size > 0,
        ),
      )
      const flipped = flip(member, file)
      const job = await verify(last)
      flipped.undo()
      expect(job.state).toBe('failed')
      expect(blamed(job), said(job)).toEqual([`${member}/${file}`])
      expect(job.error?.message).toContain('(this backup builds on it)')
      expect(verificationsOf(last).at(-1)).toMatchObject({ level: 'manifest', ok: false })
      expect(verificationsOf(member).at(-1)).toMatchObject({ level: 'manifest', ok: false })
      expect((await verify(last)).state).toBe('succeeded')
    }

    // A parent that is not the one it was: named by what both records say, and not verified as one of the chain.
    const recordFile = path.join(full, 'walkback.json')
    const record = fs.readFileSync(recordFile, 'utf8')
    const { start } = recordIn(full)
    const known = verificationsOf(full).length
    fs.writeFileSync(recordFile, JSON.stringify({ ...JSON.parse(record), start: { ...start, lsn: '0/1000028' } }))
    const moved = await verify(last)
    expect(verificationsOf(full)).toHaveLength(known)
    fs.writeFileSync(recordFile, record)
    expect(moved.error?.message).toBe(
      `This backup is damaged: ${last} can’t be restored: ${path.basename(middle)} builds on a backup that began at ${start.lsn} on timeline 1, but ${path.basename(full)} began at 0/1000028 on timeline 1.`,
    )

    const aside = `${full}-aside`
    fs.renameSync(full, aside)
    fs.renameSync(path.join(aside, 'walkback.json'), path.join(aside, 'record'))
    const orphan = await verify(last)
    fs.renameSync(path.join(aside, 'record'), path.join(aside, 'walkback.json'))
    fs.renameSync(aside, full)
    expect(orphan.error?.message).toBe(
      `This backup is damaged: ${last} can’t be restored: ${path.basename(middle)} builds on a backup from ${recordIn(full).start.lsn} on timeline 1 that is in none of the libraries.`,
    )
  }, 240_000)
})

describe.each(endMajors())('a cold backup of PostgreSQL %i', (major) => {
  it('is compared with its checksums, its pages with theirs, and its WAL is read', async () => {
    const core = await startCore()
    const cluster = await startCluster({ major })
    clusters.push(cluster)
    await fillShop(cluster)
    await cluster.stop()
    const library = path.join(tempFolder('cold'), 'library')
    const { folder, record } = await finished(core, await core.api.coldBackup.start(requestFor(cluster.dataDir, library)))
    const verify = async (levels?: VerifyRequest['levels']) =>
      core.ended(await core.api.backups.verify({ path: folder, ...(levels ? { levels } : {}) }))
    const before = contentsOf(folder)
    const whole = await verify()
    expect(whole.error, said(whole)).toBeNull()
    expect(whole.steps.map(({ id, state }) => `${id} ${state}`)).toEqual(['checksums done', 'read done', 'wal done'])
    const [checksums, read, wal] = verificationsOf(folder).slice(-3)
    expect(checksums).toMatchObject({ level: 'checksums', ok: true })
    expect(read).toMatchObject({ level: 'read', ok: true, detail: expect.stringMatching(/^[\d,]+ pages have their checksums$/) })
    expect(wal?.detail).toBe(
      `The checkpoint at ${record.start.lsn} is sound; no archive of its cluster is known, so no moment after it can be reached.`,
    )
    expect(contentsOf(folder)).toBe(before)

    // A page that was damaged before the copy: the record agrees, pg_checksums does not. In the cluster and in a tablespace.
    const text = fs.readFileSync(path.join(folder, 'walkback.json'), 'utf8')
    for (const pattern of [/^data\/base\/\d+\/\d+$/, /^tablespaces\/\d+\/PG_[^/]+\/\d+\/\d+$/]) {
      const file = anyOf(
        filesIn(folder).filter((name) => pattern.test(name) && fs.statSync(path.join(folder, name)).size >= 8192),
      )
      const flipped = flip(folder, file, 8000)
      const sha256 = createHash('sha256')
        .update(fs.readFileSync(path.join(folder, file)))
        .digest('hex')
      const edited = { ...record, files: record.files.map((each) => (each.path === file ? { ...each, sha256 } : each)) }
      fs.writeFileSync(path.join(folder, 'walkback.json'), JSON.stringify(edited))
      const job = await verify()
      flipped.undo()
      fs.writeFileSync(path.join(folder, 'walkback.json'), text)
      expect(
        job.steps.map(({ id, state }) => `${id} ${state}`),
        said(job),
      ).toEqual(['checksums done', 'read failed', 'wal done'])
      expect(blamed(job)).toEqual([file])
      expect(job.error?.message).toContain(`${file} has a damaged page: checksum verification failed`)
    }
    await expect(verify(['manifest'])).rejects.toMatchObject({
      message: 'A cold backup has no manifest: its record lists every file.',
      hint: 'Choose from checksums, read, wal.',
    })
  }, 240_000)
})
