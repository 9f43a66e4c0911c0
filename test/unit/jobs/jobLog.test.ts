// A job's log file: numbered lines, pages, search, torn and damaged lines.
import { appendFileSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JobLog } from '../../../electron/jobs/jobLog'
import { LineIndex } from '../../../electron/jobs/lineIndex'
import type { LogLevel } from '../../../shared/jobs/job'
import { tempFolder } from '../../support/tempFolder'

const at = new Date('2026-11-22T07:45:00.000Z')
let files = 0
const folder = tempFolder('log')
const newFile = () => join(folder, `${++files}.jsonl`)

function levelOf(line: number): LogLevel {
  return line % 50 === 49 ? 'error' : line % 10 === 9 ? 'warning' : 'info'
}

function filled(file: string, count: number): JobLog {
  const log = JobLog.create(file)
  for (let line = 0; line < count; line += 1) log.append(levelOf(line), `line ${line}`, at)
  return log
}

describe('JobLog', () => {
  it('numbers lines from 0 and pages from any of them, written out or not', async () => {
    const log = filled(newFile(), 5000)
    for (const from of [0, 1, 999, 2500, 4990, 4999, 5000, 9000]) {
      const { lines, total } = await log.read(from, 20, 'info')
      expect(total).toBe(5000)
      expect(lines.map(({ line }) => line)).toEqual(
        Array.from({ length: Math.max(0, Math.min(20, 5000 - from)) }, (_, i) => from + i),
      )
      expect(lines.every(({ line, text, level }) => text === `line ${line}` && level === levelOf(line))).toBe(true)
    }
    log.close()
  })

  it('counts only lines of a level or worse when asked for it', async () => {
    const log = filled(newFile(), 5000)
    expect(log.counts).toEqual({ total: 5000, warnings: 400, errors: 100 })
    const warnings = await log.read(3, 3, 'warning')
    expect(warnings.total).toBe(500)
    expect(warnings.lines.map(({ line }) => line)).toEqual([39, 49, 59])
    const errors = await log.read(99, 10, 'error')
    expect(errors.total).toBe(100)
    expect(errors.lines.map(({ line, level }) => ({ line, level }))).toEqual([{ line: 4999, level: 'error' }])
    log.close()
  })

  it('reads the same after it was closed and opened again', async () => {
    const file = newFile()
    filled(file, 3000).close()
    const log = await JobLog.open(file)
    expect(log.counts).toEqual({ total: 3000, warnings: 240, errors: 60 })
    expect((await log.read(2999, 5, 'info')).lines.map(({ text }) => text)).toEqual(['line 2999'])
    expect((await log.read(0, 2, 'error')).lines.map(({ line }) => line)).toEqual([49, 99])
  })

  it('leaves out a last line torn by a kill at any byte, and goes on cleanly after it', async () => {
    const file = newFile()
    filled(file, 3).close()
    const whole = readFileSync(file, 'utf8')
    const lastStart = whole.lastIndexOf('\n', whole.length - 2) + 1
    for (let size = whole.length - 1; size >= lastStart; size -= 7) {
      truncateSync(file, size)
      const log = await JobLog.open(file)
      expect(log.counts.total).toBe(2)
      expect((await log.read(0, 10, 'info')).lines.map(({ text }) => text)).toEqual(['line 0', 'line 1'])
    }
    truncateSync(file, lastStart + 5)
    const log = await JobLog.open(file)
    expect(log.append('error', 'after', at)).toBe(2)
    log.close()
    const again = await JobLog.open(file)
    expect((await again.read(0, 10, 'info')).lines.map(({ text }) => text)).toEqual(['line 0', 'line 1', 'after'])
    expect(again.counts).toEqual({ total: 3, warnings: 0, errors: 1 })
  })

  it('shows a damaged line as such and reads on behind it', async () => {
    const file = newFile()
    filled(file, 2).close()
    appendFileSync(file, `${'\0'.repeat(30)}\n{"level":"error","line":3,"at":"2026-11-22T07:45:00.000Z","text":"good"}\n`)
    const log = await JobLog.open(file)
    const { lines } = await log.read(0, 10, 'info')
    expect(lines.map(({ text }) => text)).toEqual(['line 0', 'line 1', '(this line of the log is damaged)', 'good'])
    expect((await log.search('good')).lines).toEqual([3])
  })

  it('keeps any text as it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 20 }), async (texts) => {
        const log = JobLog.create(newFile())
        for (const text of texts) log.append('info', text, at)
        expect((await log.read(0, 100, 'info')).lines.map(({ text }) => text)).toEqual(texts)
        log.close()
      }),
      { numRuns: 50 },
    )
  })

  it('finds text whatever its case, with quotes and backslashes, and not in its own keys', async () => {
    const log = JobLog.create(newFile())
    for (const text of ['Table "Public"."Orders"', 'C:\\data', 'größer', 'nothing', 'ORDERS again', 'tab\there']) {
      log.append('info', text, at)
    }
    expect(await log.search('orders')).toEqual({ lines: [0, 4], total: 2 })
    expect(await log.search('"public"')).toEqual({ lines: [0], total: 1 })
    expect(await log.search('c:\\DATA')).toEqual({ lines: [1], total: 1 })
    expect(await log.search('GRÖSSER')).toEqual({ lines: [], total: 0 })
    expect(await log.search('GRÖßER')).toEqual({ lines: [2], total: 1 })
    expect(await log.search('tab\there')).toEqual({ lines: [5], total: 1 })
    expect(await log.search('level')).toEqual({ lines: [], total: 0 })
    log.close()
  })

  it('counts all matches and lists the first 10,000', async () => {
    const log = filled(newFile(), 12_000)
    const found = await log.search('LINE')
    expect(found.total).toBe(12_000)
    expect(found.lines.length).toBe(10_000)
    log.close()
  })

  it('is empty when its file is not there', async () => {
    const log = await JobLog.open(join(folder, 'absent.jsonl'))
    expect(await log.read(0, 10, 'info')).toEqual({ lines: [], total: 0 })
    expect(await log.search('x')).toEqual({ lines: [], total: 0 })
  })
})

describe('LineIndex', () => {
  it('knows a place at or before every line, in bounded steps, as it grows', () => {
    const index = new LineIndex()
    for (let line = 0; line < 1_000_000; line += 1) index.add(line * 10)
    expect(index.count).toBe(1_000_000)
    for (const line of [0, 1, 15, 16, 17, 65_535, 65_536, 500_001, 999_999]) {
      const place = index.before(line)
      expect(place.offset).toBe(place.line * 10)
      expect(place.line).toBeLessThanOrEqual(line)
      expect(line - place.line).toBeLessThan(32)
    }
  })
})
