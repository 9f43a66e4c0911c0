// The restore_command's script, run by /bin/sh as the server runs it: what it gives, what it says is missing, and what stops a recovery.
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { restoreScript, scriptLog, scriptPath } from '../../../electron/capabilities/recovery/point/restoreScript'
import { tempFolder } from '../../support/tempFolder'

const size = 1024 * 1024
const segment = Buffer.alloc(size, 'wal')
const name = (number: number, timeline = 1) =>
  `0000000${timeline}00000000000000${number.toString(16).toUpperCase().padStart(2, '0')}`

let archive: string
let data: string

beforeEach(() => {
  const folder = tempFolder('restorescript')
  archive = path.join(folder, "it's an archive")
  data = path.join(folder, 'data')
  fs.mkdirSync(archive)
  fs.mkdirSync(path.join(data, 'walkback'), { recursive: true })
  fs.mkdirSync(path.join(data, 'pg_wal'))
  fs.writeFileSync(path.join(data, scriptPath), restoreScript({ archive, segmentSize: size, timeline: 3, way: [1, 3] }))
})

function fetch(file: string): { code: number | null; content: Buffer | null; said: string } {
  const target = path.join(data, 'pg_wal', 'RECOVERYXLOG')
  fs.rmSync(target, { force: true })
  const exit = spawnSync('/bin/sh', [scriptPath, file, 'pg_wal/RECOVERYXLOG'], { cwd: data, encoding: 'utf8' })
  return { code: exit.status, content: fs.existsSync(target) ? fs.readFileSync(target) : null, said: exit.stderr }
}

const put = (file: string, content: Buffer | string) => fs.writeFileSync(path.join(archive, file), content)
const log = () => fs.readFileSync(path.join(data, scriptLog), 'utf8').replaceAll(/^\S+ \S+ UTC /gm, '')

describe('gives', () => {
  it('a segment as it is, or unpacked', () => {
    put(name(1), segment)
    put(`${name(2)}.gz`, execFileSync('gzip', ['-c'], { input: segment }))
    put(`${name(3)}.zst`, execFileSync('zstd', ['-c', '-q'], { input: segment, maxBuffer: 4 * size }))
    put(`${name(4)}.lz4`, execFileSync('lz4', ['-c', '-q'], { input: segment, maxBuffer: 4 * size }))
    for (const number of [1, 2, 3, 4]) {
      const { code, content } = fetch(name(number))
      expect([number, code, content?.equals(segment)]).toEqual([number, 0, true])
    }
    expect(log().split('\n')[0]).toBe(`restored: ${name(1)} from ${archive}/${name(1)}`)
  })

  it('a .partial, filled up with zeros, and only when there is no whole one', () => {
    put(`${name(5)}.partial`, segment.subarray(0, 8192))
    const { code, content } = fetch(name(5))
    expect(code).toBe(0)
    expect(content?.length).toBe(size)
    expect(content?.subarray(0, 8192).equals(segment.subarray(0, 8192))).toBe(true)
    expect(content?.subarray(8192).every((byte) => byte === 0)).toBe(true)
    put(`${name(5)}.gz`, execFileSync('gzip', ['-c'], { input: segment }))
    expect(fetch(name(5)).content?.equals(segment)).toBe(true)
    expect(fs.statSync(path.join(archive, `${name(5)}.partial`)).size).toBe(8192)
  })

  it('what there is of a packed .partial that was cut in the middle', () => {
    const packed = execFileSync('gzip', ['-c'], {
      input: Buffer.from(Array.from({ length: size }, (_, at) => (at * 7919) % 251)),
    })
    put(`${name(6)}.gz.partial`, packed.subarray(0, packed.length / 2))
    const { code, content } = fetch(name(6))
    expect([code, content?.length]).toEqual([0, size])
  })

  it('the histories of its way, and those above it, but no stray below', () => {
    for (const timeline of [2, 3, 5]) put(`0000000${timeline}.history`, `${timeline - 1}\t0/3000000\tx\n`)
    expect(fetch('00000003.history').code).toBe(0)
    // The server asks for the first free number above its timeline.
    expect(fetch('00000005.history').code).toBe(0)
    expect(fetch('00000002.history')).toMatchObject({ code: 1, content: null })
    expect(log()).toContain('not there: 00000002.history (not on the way to timeline 3)')
  })
})

describe('says', () => {
  it('1 for what is not there: the end of the WAL', () => {
    expect(fetch(name(9))).toMatchObject({ code: 1, content: null, said: '' })
    expect(fetch('00000004.history').code).toBe(1)
    expect(log()).toBe(`not there: ${name(9)}\nnot there: 00000004.history\n`)
  })

  it('more than 125 for what is there and can’t be read, and leaves nothing', () => {
    put(`${name(7)}.gz`, 'no gzip at all')
    expect(fetch(name(7))).toMatchObject({ code: 200, content: null })
    fs.mkdirSync(path.join(archive, name(8)))
    const { code, said } = fetch(name(8))
    expect(code).toBe(200)
    expect(said).toContain(`walkback: ${name(8)}: ${archive}/${name(8)} can't be read`)
    fs.rmSync(archive, { recursive: true })
    expect(fetch(name(1))).toMatchObject({ code: 200 })
    expect(log()).toContain(`FAILED: ${name(1)}: the archive ${archive} can't be read`)
  })

  it('nothing to the archive: it is only read', () => {
    put(name(1), segment)
    put(`${name(2)}.partial`, segment.subarray(0, 100))
    const before = fs
      .readdirSync(archive, { withFileTypes: true })
      .map(({ name: file }) => [file, fs.statSync(path.join(archive, file)).mtimeMs])
    for (const number of [1, 2, 3]) fetch(name(number))
    expect(fs.readdirSync(archive).map((file) => [file, fs.statSync(path.join(archive, file)).mtimeMs])).toEqual(before)
  })
})
