// Where servers of another account can run, and the settings a practice cluster gets by version.
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  claimFolder,
  type PracticeMarker,
  practiceFolder,
  readMarker,
  removeFolder,
} from '../../../electron/capabilities/practice/practiceFolder'
import { practiceSettings } from '../../../electron/capabilities/practice/runMake'
import { shopRows } from '../../../electron/capabilities/practice/sample/shopRows'
import { barrierFor } from '../../../electron/process/barrier'
import { AppError } from '../../../shared/rpc/appError'
import { tempFolder } from '../../support/tempFolder'

const marker: PracticeMarker = {
  madeBy: 'walkback practice',
  name: 'main',
  bin: '/usr/lib/postgresql/15/bin',
  port: 54320,
  finished: true,
  filledAt: null,
  madeAt: '2026-11-22T08:00:00.000Z',
}

function freshFolder() {
  return practiceFolder({ practice: tempFolder('practice') }, 'main')
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof AppError ? error.code : String(error)
}

describe('barrierFor', () => {
  const stranger = { uid: 54_321, gid: 54_321 }

  it('names the first folder that another account may not enter', async () => {
    const open = tempFolder('open')
    fs.mkdirSync(path.join(open, 'closed/deep'), { recursive: true })
    fs.chmodSync(path.join(open, 'closed'), 0o700)
    expect(await barrierFor(stranger, path.join(open, 'closed/deep'))).toBe(path.join(open, 'closed'))
    fs.chmodSync(path.join(open, 'closed'), 0o711)
    expect(await barrierFor(stranger, path.join(open, 'closed/deep'))).toBeNull()
    expect(await barrierFor(stranger, path.join(open, 'closed/deep/not/yet'))).toBeNull()
  })

  it('goes by the owner and the group where the account is that', async () => {
    const folder = tempFolder('owned')
    const { uid, gid } = fs.statSync(folder)
    fs.chmodSync(folder, 0o611)
    expect(await barrierFor({ uid, gid: gid + 1 }, folder)).toBe(folder)
    fs.chmodSync(folder, 0o701)
    expect(await barrierFor({ uid: uid + 1, gid }, folder)).toBe(folder)
    expect(await barrierFor({ uid, gid }, folder)).toBeNull()
    fs.chmodSync(folder, 0o711)
  })
})

describe('the marker', () => {
  it('of a finished cluster keeps the folder from being claimed', async () => {
    const folder = freshFolder()
    await claimFolder(folder, marker)
    expect(await codeOf(claimFolder(folder, marker))).toBe('conflict')
    expect(await readMarker(folder)).toEqual(marker)
  })

  it('of an unfinished one lets it be made anew, without what was in it', async () => {
    const folder = freshFolder()
    await claimFolder(folder, { ...marker, finished: false })
    fs.mkdirSync(folder.data)
    await claimFolder(folder, { ...marker, finished: false, port: 54399 })
    expect(fs.readdirSync(folder.folder)).toEqual(['practice.json'])
    expect((await readMarker(folder))?.port).toBe(54399)
  })

  it.each([
    ['another name', JSON.stringify({ ...marker, name: 'replica' })],
    ['another maker', JSON.stringify({ ...marker, madeBy: 'somebody' })],
    ['half a file', JSON.stringify(marker).slice(0, 40)],
    ['nothing', ''],
  ])('with %s is not ours: nothing is claimed or removed', async (_what, text) => {
    const folder = freshFolder()
    fs.mkdirSync(folder.folder)
    fs.writeFileSync(folder.marker, text)
    fs.writeFileSync(path.join(folder.folder, 'kept'), 'kept')
    expect(await codeOf(claimFolder(folder, marker))).toBe('conflict')
    expect(await codeOf(removeFolder(folder))).toBe('conflict')
    expect(fs.readFileSync(path.join(folder.folder, 'kept'), 'utf8')).toBe('kept')
  })

  it('goes last: links inside are removed, what they point at stays', async () => {
    const folder = freshFolder()
    const outside = tempFolder('outside')
    fs.writeFileSync(path.join(outside, 'table'), 'rows')
    await claimFolder(folder, marker)
    fs.mkdirSync(path.join(folder.data, 'pg_tblspc'), { recursive: true })
    fs.symlinkSync(outside, path.join(folder.data, 'pg_tblspc/16384'))
    await removeFolder(folder)
    expect(fs.existsSync(folder.folder)).toBe(false)
    expect(fs.readFileSync(path.join(outside, 'table'), 'utf8')).toBe('rows')
  })
})

describe('settings and rows', () => {
  it.each([
    [13, false],
    [16, false],
    [17, true],
    [18, true],
  ])('PostgreSQL %i summarizes WAL: %s', (major, summarizes) => {
    expect(practiceSettings(major).includes('summarize_wal = on')).toBe(summarizes)
    expect(practiceSettings(major)).toContain('\nwal_level = replica\n')
    expect(practiceSettings(major).endsWith('\n')).toBe(true)
  })

  it('no statement of the fill makes more rows than can be cancelled in good time', () => {
    for (const { table, rows, batch } of shopRows) {
      expect([table, batch <= 60_000 && batch <= rows]).toEqual([table, true])
    }
  })
})
