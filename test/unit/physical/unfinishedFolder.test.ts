// What a kill can leave of a recovery's unfinished folder, at each moment of its making and removal: the next one starts all the same.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import {
  clearUnfinished,
  openPlace,
  type Place,
  placeAt,
  unfinishedMark,
  whatIsAt,
} from '../../../electron/capabilities/recovery/destination'
import { tempFolder } from '../../support/tempFolder'

let place: Place

beforeEach(() => {
  place = placeAt('data', join(tempFolder('unfinished'), 'main'))
})

const marked = async () => {
  await openPlace(place, null)
  expect(readdirSync(place.partial)).toEqual([unfinishedMark])
  expect(await whatIsAt(place.partial)).toBe('ours')
}

test('it is made, and made anew over one of ours that holds files', async () => {
  await marked()
  writeFileSync(join(place.partial, 'PG_VERSION'), '18\n')
  expect(await whatIsAt(place.partial)).toBe('ours')
  await marked()
})

test('made and not yet marked', async () => {
  mkdirSync(place.partial)
  expect(await whatIsAt(place.partial)).toBe('empty')
  await marked()
})

test('the mark cut short, which only counts while it is alone', async () => {
  await marked()
  const mark = join(place.partial, unfinishedMark)
  const text = readFileSync(mark, 'utf8')
  for (const length of [0, 1, text.length - 1]) {
    writeFileSync(mark, text.slice(0, length))
    expect(await whatIsAt(place.partial), `${length} bytes`).toBe('ours')
    await marked()
  }
  writeFileSync(mark, text.slice(0, 10))
  writeFileSync(join(place.partial, 'mine'), 'x')
  expect(await whatIsAt(place.partial)).toBe('something')
})

test("somebody else's folder stays as it is", async () => {
  mkdirSync(place.partial)
  writeFileSync(join(place.partial, 'mine'), 'x')
  await clearUnfinished(place.partial)
  expect(readdirSync(place.partial)).toEqual(['mine'])
  await expect(openPlace(place, null)).rejects.toThrow(`Can't create the folder ${place.partial}: it exists already.`)
  expect(readdirSync(place.partial)).toEqual(['mine'])
  writeFileSync(join(place.partial, unfinishedMark), 'Notes of my own.\n')
  expect(await whatIsAt(place.partial)).toBe('something')
})

test('nothing is there: nothing is removed and nothing fails', async () => {
  await clearUnfinished(place.partial)
  expect(existsSync(place.partial)).toBe(false)
})
