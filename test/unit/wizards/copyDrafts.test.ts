// Drafts of the wizards that copy: what they ask for, what keeps them from going on, and that a job's request comes back whole.
import { describe, expect, test } from 'vitest'
import {
  chooseFormat,
  chooseSource,
  draftOfExportJob,
  type ExportDraft,
  emptyExportDraft,
  exportPath,
  exportRequestOf,
  exportStepProblem,
} from '../../../renderer/wizards/copy/exportDraft'
import {
  chooseFile,
  chooseTarget,
  draftOfImportJob,
  emptyImportDraft,
  type ImportBase,
  type ImportDraft,
  importOptions,
  importRequestOf,
  importStepProblem,
} from '../../../renderer/wizards/copy/importDraft'
import { copiedIn, copiedOut } from '../../../renderer/wizards/copy/jobInput'
import { fillWords, guessMapping, mappingProblem, type TargetColumn, unmapped } from '../../../renderer/wizards/copy/mapping'
import {
  compressionOf,
  folderOf,
  joinPath,
  suggestedName,
  withCompression,
  withFormat,
} from '../../../renderer/wizards/copy/paths'
import {
  chooseTo,
  draftOfTransferJob,
  emptyTransferDraft,
  type TransferDraft,
  transferRequestOf,
  transferStepProblem,
} from '../../../renderer/wizards/copy/transferDraft'
import { copyRequest } from '../../../shared/contracts/copy'

const column = (name: string, over: Partial<TargetColumn> = {}): TargetColumn => ({
  name,
  type: 'text',
  notNull: false,
  hasDefault: false,
  generated: false,
  identity: false,
  ...over,
})

describe('names of files', () => {
  test.each([
    ['/a/rows.csv', 'none'],
    ['/a/rows.csv.gz', 'gzip'],
    ['/a/rows.txt.ZST', 'zstd'],
    ['/a/gz', 'none'],
  ])('%s is compressed with %s', (path, found) => expect(compressionOf(path)).toBe(found))
  test('another compression or format changes the ending and nothing else', () => {
    expect(withCompression('/a.gz/rows.csv', 'gzip')).toBe('/a.gz/rows.csv.gz')
    expect(withCompression('/a/rows.csv.gz', 'zstd')).toBe('/a/rows.csv.zst')
    expect(withCompression('/a/rows.csv.gz', 'none')).toBe('/a/rows.csv')
    expect(withFormat('/a/rows.csv.gz', 'text')).toBe('/a/rows.txt.gz')
    expect(withFormat('/a/rows.dat', 'text')).toBe('/a/rows.dat')
  })
  test('a name that every file system takes is suggested', () => {
    expect(suggestedName({ schema: 'public', name: 't' }, 'csv')).toBe('t.csv')
    expect(suggestedName({ schema: 'Sales', name: 'a/b "c"' }, 'binary')).toBe('Sales.a_b_c_.pgcopy')
    expect(suggestedName(null, 'text')).toBe('query.txt')
    expect([joinPath('/a', 'b'), joinPath('/', 'b'), joinPath('C:\\x', 'b')]).toEqual(['/a/b', '/b', 'C:\\x\\b'])
    expect([folderOf('/a/b.csv'), folderOf('/b.csv'), folderOf('C:\\x\\b.csv')]).toEqual(['/a', '/', 'C:\\x'])
  })
})

describe('export', () => {
  const base = { suggestedFolder: '/srv/out', zstd: { available: false, reason: 'This Node can not write zstd.' } }
  const draft: ExportDraft = chooseSource(emptyExportDraft, 'course', 'public', 't')
  const problem = (change: Partial<ExportDraft>, step: 'what' | 'file') =>
    exportStepProblem({ ...draft, ...change }, base, '', step)

  test('asks for all of a table into a file with a header, named after it', () => {
    const request = exportRequestOf(draft, base, '', 'c1')
    expect(request).toEqual({
      kind: 'export',
      connectionId: 'c1',
      database: 'course',
      source: { kind: 'table', schema: 'public', name: 't', columns: null },
      place: { kind: 'client', path: '/srv/out/t.csv', compression: 'none', overwrite: false },
      format: 'csv',
      options: { header: 'true' },
    })
    expect(copyRequest.safeParse(request).success).toBe(true)
  })
  test('the last folder comes before the suggested one, a typed path before both', () => {
    expect(exportPath(draft, base, '/mnt/usb')).toBe('/mnt/usb/t.csv')
    expect(exportPath({ ...draft, path: '/x.csv.gz' }, base, '/mnt/usb')).toBe('/x.csv.gz')
    expect(exportRequestOf({ ...draft, path: '/x.csv.gz' }, base, '', 'c1')?.place).toMatchObject({ compression: 'gzip' })
  })
  test.each([
    [{ database: '' }, 'what', 'Choose a database first'],
    [{ name: '' }, 'what', 'Choose a table first'],
    [{ columns: [] }, 'what', 'Tick at least one column'],
    [{ source: 'query', sql: ' \n' }, 'what', 'Type a query first'],
    [{ path: '' }, 'file', 'Give the file a name'],
    [{ path: 'rows.csv' }, 'file', 'The file needs an absolute path'],
    [{ path: '/srv/' }, 'file', 'The path ends in a folder: add the name of the file'],
    [{ path: '/x.csv.zst' }, 'file', 'This Node can not write zstd. Name the file .gz for gzip'],
    [{ place: 'server-file', serverPath: 'x' }, 'file', 'The server takes absolute paths only'],
    [{ place: 'server-program' }, 'file', 'Type the program to run on the server'],
  ] as const)('%j can not be left at %s: %s', (change, step, words) => {
    expect(problem(change as Partial<ExportDraft>, step)).toBe(words)
    expect(exportRequestOf({ ...draft, ...(change as Partial<ExportDraft>) }, base, '', 'c1')).toBeUndefined()
  })
  test('another table forgets columns and name, another format its options but not the encoding', () => {
    const changed = {
      ...draft,
      columns: ['id'],
      path: '/x.csv',
      changes: { forceQuote: ['s'], delimiter: ';', encoding: 'LATIN1' },
    }
    expect(chooseSource(changed, 'course', 'public', 'u')).toMatchObject({
      columns: null,
      path: null,
      changes: { delimiter: ';', encoding: 'LATIN1' },
    })
    expect(chooseSource(changed, 'course', 'public', 't')).toBe(changed)
    expect(chooseFormat(changed, 'text').changes).toEqual({ encoding: 'LATIN1' })
  })
  test('a past request comes back as its draft, except that a file is replaced anew only when asked anew', () => {
    const full: ExportDraft = {
      ...draft,
      columns: ['id'],
      path: '/x.csv',
      overwrite: true,
      changes: { header: '', delimiter: ';' },
    }
    const back = draftOfExportJob(exportRequestOf(full, base, '', 'c1'))
    expect(back).toEqual({ connectionId: 'c1', draft: { ...full, step: 'review', overwrite: false } })
    expect(draftOfExportJob({ kind: 'import' })).toBeUndefined()
  })
})

describe('columns', () => {
  const table = [column('id', { identity: true }), column('Full Name'), column('total', { generated: true }), column('note')]
  test('are found by name, exactly first, else apart from case and signs; never a generated one', () => {
    expect(guessMapping(['note', 'full_name', 'total', 'other'], table, true)).toEqual(['note', 'Full Name', null, null])
    expect(guessMapping(['ID', 'id'], table, true)).toEqual([null, 'id'])
  })
  test('go in order where the file has no names', () => {
    expect(guessMapping(['column1', 'column2', 'column3', 'column4'], table, false)).toEqual(['id', 'Full Name', 'note', null])
  })
  test('say what is wrong', () => {
    expect(mappingProblem([null, null], table)).toBe('Choose a column of the table for at least one column')
    expect(mappingProblem(['note', 'note'], table)).toBe('Two columns go into note: choose another for one of them')
    expect(mappingProblem(['total'], table)).toBe('The table has no column total to fill: choose another')
    expect(mappingProblem(['note', null], table)).toBe('')
  })
  test('that nothing goes into say what they get', () => {
    expect(unmapped(['note'], table).map(({ name }) => name)).toEqual(['id', 'Full Name'])
    expect(fillWords(column('a', { identity: true, notNull: true }))).toBe('gets the next number')
    expect(fillWords(column('a', { hasDefault: true }))).toBe('gets its default')
    expect(fillWords(column('a'))).toBe('gets NULL')
    expect(fillWords(column('a', { notNull: true }))).toBe('has no default and takes no NULL')
  })
})

describe('import', () => {
  const base: ImportBase = {
    detected: { format: 'csv', options: { header: 'true' }, suggestedTable: 'rows' },
    sample: {
      columns: [
        { name: 's', type: 'text' },
        { name: 'id', type: 'integer' },
      ],
    },
    table: { columns: [column('id'), column('s')] },
  }
  const draft: ImportDraft = chooseTarget(chooseFile(emptyImportDraft, '/srv/rows.csv'), 'course', 'public', 't')

  test('reads the file as it says of itself, and finds the columns by the header', () => {
    const request = importRequestOf(draft, base, 'c1')
    expect(request).toEqual({
      kind: 'import',
      connectionId: 'c1',
      database: 'course',
      target: { schema: 'public', name: 't', create: null },
      place: { kind: 'client', path: '/srv/rows.csv' },
      format: 'csv',
      options: { header: 'true' },
      mapping: ['s', 'id'],
      where: '',
      truncate: false,
      skipBadRows: false,
      maxBadRows: null,
    })
    expect(copyRequest.safeParse(request).success).toBe(true)
  })
  test('names no columns where the file has the table’s own in its order', () => {
    const same: ImportBase = { ...base, table: { columns: [column('s'), column('total', { generated: true }), column('id')] } }
    expect(importRequestOf(draft, same, 'c1')?.mapping).toBeNull()
  })
  test('makes a table of the columns that are taken, under the names given', () => {
    const made: ImportDraft = {
      ...draft,
      target: 'create',
      made: [
        { name: 'label', type: 'text', take: true },
        { name: 'id', type: 'integer', take: false },
      ],
    }
    const request = importRequestOf({ ...made, truncate: true }, base, 'c1')
    expect(request?.target).toEqual({ schema: 'public', name: 'rows', create: [{ name: 'label', type: 'text' }] })
    expect(request?.mapping).toEqual(['label', null])
    expect(request?.truncate).toBe(false)
    expect(importStepProblem({ ...made, made: [{ name: '', type: 'text', take: true }] }, base, 'target')).toBe('')
    const columns = (names: string[]) => names.map((name) => ({ name, type: 'text' as const, take: true }))
    expect(importStepProblem({ ...made, made: columns(['', 'a']) }, base, 'target')).toBe('Give every column a name')
    expect(importStepProblem({ ...made, made: columns(['a', 'a']) }, base, 'target')).toBe(
      'Two columns are called a: rename one of them',
    )
    expect(importStepProblem({ ...made, newName: ' ' }, base, 'target')).toBe('Give the new table a name')
    expect(importStepProblem({ ...made, format: 'binary' }, base, 'target')).toBe(
      'A table can be made only from a text or CSV file of this machine',
    )
  })
  test.each([
    [{ path: '' }, base, 'file', 'Choose a file first'],
    [{ path: 'rows.csv' }, base, 'file', 'The file needs an absolute path'],
    [{}, {}, 'file', 'Reading the file…'],
    [{}, { ...base, sample: undefined }, 'file', 'Reading the first rows…'],
    [{ database: '' }, base, 'target', 'Choose a database first'],
    [{ name: '' }, base, 'target', 'Choose a table first'],
    [{}, { ...base, table: undefined }, 'target', 'Reading the table…'],
    [{ mapping: [null, null] }, base, 'target', 'Choose a column of the table for at least one column'],
    [
      { skipBadRows: true, maxBadRows: '1.5' },
      base,
      'options',
      'The most bad rows to skip is a whole number from 1 to 999,999,999',
    ],
  ] as [Partial<ImportDraft>, ImportBase, 'file' | 'target' | 'options', string][])(
    '%j does not go on: %s',
    (change, known, step, words) => {
      expect(importStepProblem({ ...draft, ...change }, known, step)).toBe(words)
      expect(importRequestOf({ ...draft, ...change }, known, 'c1')).toBeUndefined()
    },
  )
  test('bad rows are skipped only from files of this machine, with a limit or without', () => {
    const skip = { ...draft, skipBadRows: true, maxBadRows: '10' }
    expect(importRequestOf(skip, base, 'c1')).toMatchObject({ skipBadRows: true, maxBadRows: 10 })
    expect(importRequestOf({ ...skip, skipBadRows: false }, base, 'c1')).toMatchObject({ skipBadRows: false, maxBadRows: null })
    const server = importRequestOf({ ...skip, place: 'server-file', serverPath: '/x.csv' }, base, 'c1')
    expect(server).toMatchObject({ skipBadRows: false, mapping: null, place: { kind: 'server-file', path: '/x.csv' } })
  })
  test('another file forgets how the last was read, another table where its columns went', () => {
    const changed: ImportDraft = { ...draft, format: 'text', changes: { null: 'x' }, mapping: ['s', null], truncate: true }
    expect(chooseFile(changed, '/other')).toMatchObject({ format: null, changes: {}, mapping: null })
    expect(chooseTarget(changed, 'course', 'public', 'u')).toMatchObject({ mapping: null, truncate: false, format: 'text' })
    expect(importOptions({ ...draft, format: 'text' }, base)).toEqual({})
  })
  test('a past request comes back as the same request', () => {
    for (const change of [
      { mapping: ['s', null], where: 'id > 1', truncate: true, changes: { header: '', null: 'x' } },
      {
        target: 'create',
        newName: 'made',
        made: [
          { name: 'a', type: 'text', take: true },
          { name: 'id', type: 'integer', take: true },
        ],
      },
    ] as Partial<ImportDraft>[]) {
      const request = importRequestOf({ ...draft, ...change }, base, 'c1')
      const back = draftOfImportJob(request, base)
      expect(back?.draft.step).toBe('review')
      expect(back && importRequestOf(back.draft, base, back.connectionId)).toEqual(request)
    }
    expect(draftOfImportJob({ kind: 'export' }, base)).toBeUndefined()
  })
})

describe('table to another server', () => {
  const draft: TransferDraft = chooseTo(
    { ...emptyTransferDraft, database: 'shop', schema: 'sales', name: 'orders' },
    { connectionId: 'c2', database: 'copy', schema: 'public', name: 'orders' },
  )
  const base = {
    source: [column('id'), column('total', { generated: true }), column('note')],
    target: [column('note'), column('id'), column('extra')],
  }
  test('names the columns on both sides: another order must not exchange values', () => {
    expect(transferRequestOf(draft, base, 'c1')).toMatchObject({
      source: { schema: 'sales', name: 'orders', columns: ['id', 'note'] },
      to: { connectionId: 'c2', columns: ['id', 'note'] },
    })
  })
  test('does not copy a table into itself', () => {
    const self = chooseTo(draft, { connectionId: 'c1', database: 'shop', schema: 'sales', name: 'orders' })
    expect(transferStepProblem(self, base, 'destination', 'c1')).toBe('This is the source itself: choose another table')
    expect(transferRequestOf(self, base, 'c1')).toBeUndefined()
  })
  test('a past request comes back as the same request', () => {
    const request = transferRequestOf({ ...draft, mapping: ['extra', null], truncate: true }, base, 'c1')
    const back = draftOfTransferJob(request, base)
    expect(back && transferRequestOf(back.draft, base, 'c1')).toEqual(request)
  })
})

describe('what a job moved', () => {
  const out = { kind: 'export', connectionId: 'c', database: 'd', format: 'csv', options: {} } as const
  test('is told for files of this machine and tables, and for nothing else', () => {
    const place = { kind: 'client', path: '/x.csv', compression: 'none', overwrite: false }
    const source = { kind: 'table', schema: 'public', name: 't', columns: null }
    const table = { capability: 'copy', input: { ...out, place, source } }
    expect(copiedOut(table)).toEqual({ database: 'd', schema: 'public', table: 't', file: '/x.csv' })
    expect(copiedIn(table)).toBeUndefined()
    expect(copiedOut({ ...table, capability: 'dump' })).toBeUndefined()
    expect(
      copiedOut({ capability: 'copy', input: { ...out, place, source: { kind: 'query', sql: 'SELECT 1' } } }),
    ).toBeUndefined()
  })
})
