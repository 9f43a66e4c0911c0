// What pg_waldump of each major prints of relations, from its real output: rows, files, ends; and a table's files through time.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AccidentFinding } from '../../../shared/contracts/accident'
import { type FileHistory, fileHistory } from '../../../shared/model/fileHistory'
import { bestFindings, byLoss } from '../../../shared/model/rankFindings'
import { collectChanges, type RelationChange } from '../../../shared/model/relationChanges'
import {
  type EndRecord,
  fileOfPath,
  pathOfFile,
  type RelationRecord,
  type RowsRecord,
  readRelationRecords,
} from '../../../shared/model/relationRecords'
import { rowsThrough } from '../../../shared/model/rowsThrough'
import { rowTally } from '../../../shared/model/rowTally'

interface Step {
  name: string
  records: RelationRecord[]
  changes: RelationChange[]
  /** By table: its OID and the number of its file. */
  files: Map<string, { oid: number; number: number }>
}

const majors = [13, 15, 17, 18] as const
const fixture = (major: number) => readFileSync(join(__dirname, `../../fixtures/physical/relations-${major}.txt`), 'latin1')

function readAll(text: string): RelationRecord[] {
  const records: RelationRecord[] = []
  const reader = readRelationRecords({ on: (record) => void records.push(record) })
  reader.push(text)
  reader.end()
  return records
}

function stepsOf(major: number): Step[] {
  const steps: Step[] = []
  let changes: RelationChange[] = []
  const collector = collectChanges((change) => void changes.push(change))
  for (const part of fixture(major).split('\n== ').slice(1)) {
    const [name = '', ...lines] = part.split('\n')
    const files = new Map<string, { oid: number; number: number }>()
    for (const [, table = '', oid, number] of (lines.find((line) => line.startsWith('files ')) ?? '').matchAll(
      /(\w+)=(\d+):(\d+)/g,
    )) {
      files.set(table, { oid: Number(oid), number: Number(number) })
    }
    const records = readAll(lines.join('\n'))
    changes = []
    for (const record of records) collector.take(record)
    steps.push({ name, records, changes, files })
  }
  return steps
}

const database = { 13: 13443, 15: 5, 17: 5, 18: 5 } as const

describe.each(majors)('pg_waldump %i', (major) => {
  const steps = stepsOf(major)
  const step = (name: string): Step => {
    const found = steps.find((one) => one.name === name)
    if (!found) throw new Error(`no step ${name}`)
    return found
  }
  const key = (number: number | undefined) => `1663/${database[major]}/${number}`
  const rowsOf = (name: string, table: string) => {
    const file = key(step(name).files.get(table)?.number)
    return step(name)
      .records.filter((record): record is RowsRecord => record.kind === 'rows' && record.file === file)
      .map(({ op, rows }) => `${op} ${rows}`)
  }
  const ends = (name: string) => step(name).records.filter((record): record is EndRecord => record.kind === 'end')

  it('rows are told by what was done to them', () => {
    expect(rowsOf('insert', 't')).toEqual(['insert 1', 'insert 1', 'insert 1', 'insert 1'])
    expect(rowsOf('copymulti', 'u')).toEqual(['insert 6'])
    expect(rowsOf('delete', 't')).toEqual(['delete 1', 'delete 1', 'delete 1'])
    expect(rowsOf('update', 'u')).toEqual(['update 1', 'update 1', 'update 1', 'update 1'])
    expect(rowsOf('update', 't')).toEqual(['update 1'])
    expect(rowsOf('part', 'p1')).toContain('moved 1')
    expect(rowsOf('part', 'p2').at(-1)).toBe('insert 1')
  })

  it('ends tell their transaction, also a prepared one, and its subtransactions', () => {
    const [rolledBack, top] = ends('savepoint')
    expect(rolledBack).toMatchObject({ committed: false, subxacts: [] })
    expect(top).toMatchObject({ committed: true, subxacts: [(rolledBack?.xid ?? 0) - 1], xid: (rolledBack?.xid ?? 0) - 2 })
    const [prepared] = ends('prepared')
    expect(prepared).toMatchObject({ committed: true, subxacts: [(prepared?.xid ?? 0) + 1] })
    expect(prepared?.xid).toBeGreaterThan(400)
    expect(prepared?.removed.length).toBe(4)
    expect(new Date((prepared?.time ?? 0) / 1000).toISOString()).toMatch(/^2026-11-27T06:2/)
  })

  it('plain ends are told of those alone that are wanted', () => {
    const told: number[] = []
    const [wanted] = ends('delete').map(({ xid }) => xid)
    const reader = readRelationRecords({
      on: (record) => record.kind === 'end' && told.push(record.xid),
      wanted: (xid) => xid === wanted,
    })
    reader.push(fixture(major))
    reader.end()
    const carrying = steps
      .flatMap(({ records }) => records)
      .filter((record) => record.kind === 'end' && (record.xid === wanted || record.removed.length + record.subxacts.length > 0))
    expect(told.toSorted()).toEqual(carrying.map((record) => ('xid' in record ? record.xid : 0)).toSorted())
  })

  it('are read alike wherever the output is cut', () => {
    const text = fixture(major)
    const whole = readAll(text)
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: text.length }), { maxLength: 6 }), (cuts) => {
        const records: RelationRecord[] = []
        const reader = readRelationRecords({ on: (record) => void records.push(record) })
        let from = 0
        for (const cut of [...cuts.toSorted((a, b) => a - b), text.length]) {
          reader.push(text.slice(from, cut))
          from = cut
        }
        reader.end()
        expect(records).toEqual(whole)
      }),
      { numRuns: 15 },
    )
  })

  /** The files that a table really had, one for each change of it, from its first on. */
  const realFiles = (table: string, from: string, to: string): string[] => {
    const names = steps.map(({ name }) => name)
    const numbers = steps.slice(names.indexOf(from), names.indexOf(to) + 1).flatMap(({ files }) => files.get(table)?.number ?? [])
    return [...new Set(numbers)].map(key)
  }
  const changesUpTo = (name: string) => {
    const at = steps.findIndex((one) => one.name === name)
    return {
      before: steps.slice(0, at + 1).flatMap(({ changes }) => changes),
      after: steps.slice(at + 1).flatMap(({ changes }) => changes),
    }
  }
  const kinds = ({ links }: FileHistory) => links.map(({ kind }) => kind)
  const rewritten = ['truncated', 'truncated', 'rewritten', 'rewritten', 'rewritten', 'rewritten']

  it('a table is followed back through TRUNCATE, of several tables too, VACUUM FULL, CLUSTER and ALTER TABLE', () => {
    const { oid, number } = step('alter').files.get('t') ?? { oid: 0, number: 0 }
    const history = fileHistory({ oid, file: key(number) }, { before: changesUpTo('alter').before, after: [] })
    expect(kinds(history)).toEqual(rewritten)
    expect(history.files.toSorted()).toEqual(realFiles('t', 'create', 'alter').toSorted())
    expect(history.links.map(({ after }) => after)).toEqual(realFiles('t', 'create', 'alter').slice(1))
  })

  it('and forward, from what a recovered cluster knows, to its DROP', () => {
    const { oid, number } = step('delete').files.get('t') ?? { oid: 0, number: 0 }
    const sure = major >= 15 ? 'rewritten' : 'replaced'
    const history = fileHistory({ oid, file: key(number) }, { before: [], after: changesUpTo('delete').after })
    expect(kinds(history)).toEqual(['truncated', 'truncated', sure, sure, sure, sure, 'dropped'])
    expect(history.files).toEqual(realFiles('t', 'delete', 'alter'))
  })

  it('partitions are told apart where one statement changes several', () => {
    for (const table of ['p1', 'p2']) {
      const { oid, number } = step('altpart').files.get(table) ?? { oid: 0, number: 0 }
      const history = fileHistory({ oid, file: key(number) }, { before: changesUpTo('altpart').before, after: [] })
      expect(kinds(history)).toEqual(['truncated', 'rewritten'])
      expect(history.files.toSorted()).toEqual(realFiles(table, 'part', 'altpart').toSorted())
    }
  })

  it('a table that was dropped and made anew in one transaction is no rewritten one', () => {
    const { oid, number } = step('prepared').files.get('u') ?? { oid: 0, number: 0 }
    const history = fileHistory({ oid, file: key(number) }, { before: [], after: changesUpTo('prepared').after })
    expect(kinds(history)).toEqual([major >= 15 ? 'dropped' : 'replaced'])
    expect(step('dropdb').changes.map((change) => change.database !== null)).toEqual([true])
  })

  it('a file that is newer than the archive leads on by the lock of its table', () => {
    const { oid } = step('vacfull').files.get('t') ?? { oid: 0 }
    const history = fileHistory({ oid, file: key(99_999) }, { before: changesUpTo('vacfull').before, after: [] })
    expect(history.files.toSorted()).toEqual([...realFiles('t', 'create', 'vacfull'), key(99_999)].toSorted())
  })
})

describe('paths of files', () => {
  it.each([
    ['base/5/16384', '1663/5/16384', 'base/5/16384'],
    ['global/1262', '1664/0/1262', 'global/1262'],
    ['pg_tblspc/16500/PG_15_202209061/5/16384', '16500/5/16384', 'pg_tblspc/16500/5/16384'],
  ])('%s is %s', (path, file, shown) => {
    expect(fileOfPath(path)).toBe(file)
    expect(pathOfFile(file)).toBe(shown)
  })
  it.each(['base/5/16384_vm', 'base/5/t3_16384', 'pg_wal/1', ''])('%s is none', (path) => {
    expect(fileOfPath(path)).toBeUndefined()
  })
})

const line = (desc: string, tx = 9) =>
  `rmgr: Heap        len (rec/tot):     54/    54, tx: ${String(tx).padStart(10)}, lsn: 0/0163F4C8, prev 0/0163F490, desc: ${desc}, blkref #0: rel 1663/5/7 blk 0\n`

describe('the tally', () => {
  const rows = (desc: string, wholeTable = false) => {
    const tally = rowTally({ wholeTable, copied: () => false })
    for (const record of readAll(line(desc))) if (record.kind === 'rows') tally.rows(record)
    return tally.open()
  }
  const none = { deleted: 0, inserted: 0, updated: 0, transactions: 1 }
  it('takes back what an INSERT ... ON CONFLICT withdrew, and counts a moved row by what the table is', () => {
    expect(rows('DELETE off 1 flags 0x08 KEYS_UPDATED ')).toEqual({ ...none, inserted: -1 })
    expect(rows('DELETE xmax: 9, off: 1, infobits: [KEYS_UPDATED], flags: 0x10', true)).toEqual({
      ...none,
      updated: 1,
      inserted: -1,
    })
    expect(rows('DELETE xmax: 9, off: 1, infobits: [KEYS_UPDATED], flags: 0x11')).toEqual({ ...none, deleted: 1 })
    expect(rows('LOCK off: 1, xid: 9')).toEqual({ ...none, transactions: 0 })
  })

  it('gives the sums of committed transactions alone, and forgets the others', () => {
    const tally = rowTally({ wholeTable: false, copied: (_, xid) => xid === 30 })
    const record = (xid: number, op: RowsRecord['op']): RowsRecord => ({
      kind: 'rows',
      hi: 0,
      lo: 0,
      xid,
      file: 'x',
      op,
      rows: 1,
    })
    const end = (xid: number, committed: boolean, subxacts: number[] = []): EndRecord => ({
      ...{ kind: 'end', hi: 0, lo: 0, committed, xid, time: 0, subxacts, removed: [], relations: [], gone: null },
    })
    for (const xid of [10, 11, 12, 20, 30]) tally.rows(record(xid, 'delete'))
    tally.rows(record(30, 'insert'))
    expect(tally.wanted(11)).toBe(true)
    expect(tally.end(end(12, false))).toBeNull()
    expect(tally.end(end(10, true, [11, 12]))).toEqual({ deleted: 2, inserted: 0, updated: 0 })
    expect(tally.end(end(20, false))).toBeNull()
    expect(tally.end(end(30, true))).toEqual({ deleted: 1, inserted: 0, updated: 0 })
    expect(tally.end(end(40, true))).toBeNull()
    expect(tally.open()).toEqual({ deleted: 0, inserted: 0, updated: 0, transactions: 0 })
  })
})

const finding = (kind: AccidentFinding['kind'], more: Partial<AccidentFinding> = {}): AccidentFinding => ({
  ...{
    kind,
    xid: 1,
    lsn: '0/1',
    time: 1,
    lockedAt: null,
    deleted: 0,
    inserted: 0,
    updated: 0,
    rowsBefore: null,
    beganEarlier: false,
  },
  ...{ partitions: null, databaseOid: 5, database: 'shop', tables: [], files: [], fileCount: 0 },
  ...more,
})

describe('the ranking', () => {
  it('puts the greatest loss first: what replaced its rows lost none', () => {
    const queue = finding('deleted', { deleted: 9000, inserted: 9000 })
    const real = finding('deleted', { deleted: 300 })
    const all = [
      queue,
      finding('rewritten'),
      finding('updated', { updated: 5 }),
      real,
      finding('truncated'),
      finding('dropped', { rowsBefore: 7 }),
    ]
    expect(all.toSorted(byLoss).map(({ kind }) => kind)).toEqual([
      'dropped',
      'truncated',
      'deleted',
      'deleted',
      'updated',
      'rewritten',
    ])
    expect(all.toSorted(byLoss)[2]).toBe(real)
  })

  it('keeps the largest of very many, and says how many it left', () => {
    const best = bestFindings(5)
    for (let rows = 1; rows <= 1000; rows += 1) best.add(finding('deleted', { deleted: (rows * 7919) % 1009 }))
    expect(best.list().map(({ deleted }) => deleted)).toEqual([1008, 1007, 1006, 1005, 1004])
    expect(best.left()).toBe(995)
  })
})

describe('rows before', () => {
  const counts = (deleted: number, inserted = 0) => ({ deleted, inserted, updated: 0 })
  it('are counted back from now, and up from where the table was empty', () => {
    const through = rowsThrough({ rows: 50, at: null })
    const first = through.remember(finding('deleted', { deleted: 30 }), through.pass(10n, counts(30), 'kept'))
    const emptied = through.remember(finding('truncated'), through.pass(20n, counts(0), 'emptied'))
    through.pass(30n, counts(0, 60), 'kept')
    const last = through.remember(finding('deleted', { deleted: 10 }), through.pass(40n, counts(10), 'kept'))
    expect([first, emptied, last].map((one) => through.settle(one).rowsBefore)).toEqual([null, null, 60])
  })
  it('of a server in recovery hold from its position on, and back from it', () => {
    const through = rowsThrough({ rows: 100, at: 15n })
    const before = through.remember(finding('deleted', { deleted: 20 }), through.pass(10n, counts(20), 'kept'))
    const after = through.remember(finding('deleted', { deleted: 5 }), through.pass(20n, counts(5), 'kept'))
    const dropped = through.remember(finding('dropped'), through.pass(30n, counts(0), 'emptied'))
    expect([before, after, dropped].map((one) => through.settle(one).rowsBefore)).toEqual([120, 100, 95])
  })
  it('are not told where they make no sense', () => {
    const through = rowsThrough({ rows: 0, at: null })
    const one = through.remember(finding('deleted', { deleted: 3 }), through.pass(1n, counts(3), 'kept'))
    through.pass(2n, counts(0, 50), 'kept')
    expect(through.settle(one).rowsBefore).toBeNull()
  })
})
