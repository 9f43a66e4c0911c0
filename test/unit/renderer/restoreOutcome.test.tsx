// What an ended restore offers on its page: which errors have buttons, what a dialog refuses, and the words for counts and names.
// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { api } from '../../../renderer/rpc/api'
import { IssuesCard } from '../../../renderer/screens/JobDetail/IssuesCard'
import { KeptCard } from '../../../renderer/screens/JobDetail/KeptCard'
import { kindRows } from '../../../renderer/screens/JobDetail/RestoredKinds'
import { countWords } from '../../../renderer/screens/JobDetail/RowsInTheWayDialog'
import { nameProblem, reportName } from '../../../renderer/screens/JobDetail/reportName'
import { useConnections } from '../../../renderer/stores/connections'
import type { KeptDatabase, NotValidPlan } from '../../../shared/contracts/restoreOutcome'
import type { JobIssue, JobSnapshot } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { AppError } from '../../../shared/rpc/appError'
import { connectionSample, jobSample } from './samples'

beforeEach(() => useConnections.setState({ connections: [connectionSample()] }))
afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
})

const button = (name: string | RegExp) => screen.getByRole<HTMLButtonElement>('button', { name })
const place = { server: 'main', host: 'db1', port: 5433, systemIdentifier: '7614118026514903417' }

const issue = (entry: string, objectKind: string): JobIssue => ({
  severity: 'error',
  object: 'public.orders',
  objectKind,
  entry,
  message: 'it is violated',
  statement: '',
  harmless: null,
  advice: '',
  logLine: null,
})

const restored = (change: Partial<JobSnapshot> = {}) =>
  jobSample({ capability: 'restore', state: 'succeeded_with_warnings', endedAt: '2026-11-22T11:00:00Z', ...change })

describe('errors about constraints', () => {
  const plan: NotValidPlan = {
    ...place,
    database: 'shop',
    table: 'public.orders',
    sql: 'ALTER TABLE ONLY public.orders ADD CONSTRAINT orders_fkey … NOT VALID;',
    validate: 'ALTER TABLE "public"."orders" VALIDATE CONSTRAINT "orders_fkey";',
    there: false,
  }
  const job = restored({
    errorCount: 3,
    issues: [issue('x', 'ACL'), issue('orders_fkey', 'FK CONSTRAINT'), issue('mail', 'INDEX')],
  })
  const show = (of: JobSnapshot = job) => {
    vi.spyOn(api.restoreOutcome, 'constraints').mockResolvedValue({
      constraints: [
        { issue: 1, kind: 'foreign key', name: 'orders_fkey', table: 'public.orders', notValid: true },
        { issue: 2, kind: 'unique', name: 'mail', table: 'public.orders', notValid: false },
      ],
    })
    render(<IssuesCard job={of} onShowLog={() => undefined} onShowLine={() => undefined} />)
  }

  test('have their rows to look at, and NOT VALID where it can be had; no other has', async () => {
    show()
    expect(await screen.findAllByRole('button', { name: 'Show the rows in the way' })).toHaveLength(2)
    expect(screen.getAllByRole('button', { name: 'Add as NOT VALID…' })).toHaveLength(1)
  })
  test('a job that runs, or is no restore, is not asked about', () => {
    show({ ...job, state: 'running', endedAt: null })
    show({ ...job, capability: 'dump-to-server' })
    expect(api.restoreOutcome.constraints).not.toHaveBeenCalled()
  })
  test('NOT VALID: the statement and the place first, then what was added and how it is validated', async () => {
    vi.spyOn(api.restoreOutcome, 'notValid').mockResolvedValue(plan)
    const add = vi.spyOn(api.restoreOutcome, 'addNotValid').mockResolvedValue({ sql: plan.sql })
    show()
    fireEvent.click(await screen.findByRole('button', { name: 'Add as NOT VALID…' }))
    const dialog = screen.getByRole('dialog')
    await within(dialog).findByText('db1')
    const text = dialog.textContent ?? ''
    for (const part of [plan.sql, 'Host', 'Port', '5433', 'System identifier', place.systemIdentifier, 'Database', 'shop'])
      expect(text).toContain(part)
    expect(add).not.toHaveBeenCalled()
    fireEvent.click(within(dialog).getByRole('button', { name: 'Add as NOT VALID' }))
    await within(dialog).findByRole('heading', { name: 'orders_fkey is added' })
    expect(add).toHaveBeenCalledWith({ jobId: 'j1', issue: 1 })
    expect(dialog.textContent).toContain(plan.validate)
    fireEvent.click(within(dialog).getAllByRole('button', { name: 'Close' }).at(-1) ?? dialog)
    expect(screen.getByText('Added as NOT VALID')).toBeTruthy()
    expect(button('How to validate it')).toBeTruthy()
  })
  test('NOT VALID: refused by the server, it says so and can be tried again', async () => {
    vi.spyOn(api.restoreOutcome, 'notValid').mockResolvedValue(plan)
    vi.spyOn(api.restoreOutcome, 'addNotValid').mockRejectedValue(
      new AppError('permission', 'Adding orders_fkey as NOT VALID is not allowed to this role.', {
        hint: 'Use a role that may.',
      }),
    )
    show()
    fireEvent.click(await screen.findByRole('button', { name: 'Add as NOT VALID…' }))
    await screen.findByText('db1')
    fireEvent.click(button('Add as NOT VALID'))
    const alert = await screen.findByRole('alert')
    expect(alert.textContent).toBe('Adding orders_fkey as NOT VALID is not allowed to this role.Use a role that may.')
    expect(button('Add as NOT VALID').disabled).toBe(false)
  })
  test('NOT VALID: one that is there by now is not added again; a read-only connection adds none', async () => {
    const asked = vi.spyOn(api.restoreOutcome, 'notValid').mockResolvedValue({ ...plan, there: true })
    show()
    fireEvent.click(await screen.findByRole('button', { name: 'Add as NOT VALID…' }))
    await screen.findByRole('heading', { name: 'orders_fkey is there already' })
    expect(screen.queryByRole('button', { name: 'Add as NOT VALID' })).toBeNull()
    cleanup()
    asked.mockResolvedValue(plan)
    useConnections.setState({ connections: [connectionSample({ readOnly: true })] })
    show()
    fireEvent.click(await screen.findByRole('button', { name: 'Add as NOT VALID…' }))
    await screen.findByText('main is marked read-only: take the mark off in the connection to add it.')
    expect(button('Add as NOT VALID').disabled).toBe(true)
  })
})

describe('the kept database', () => {
  const database = 'shop_before_20261122_110000'
  const kept: KeptDatabase = { ...place, database, there: true, why: '', size: '4294967296', sessions: 1 }
  const show = (answer: KeptDatabase | AppError) => {
    const asked = vi.spyOn(api.restoreOutcome, 'kept')
    if (answer instanceof AppError) asked.mockRejectedValue(answer)
    else asked.mockResolvedValue(answer)
    render(<KeptCard job={restored({ state: 'succeeded' })} name={database} />)
  }

  test('is dropped only when exactly its name is typed, for the server that was shown', async () => {
    const drop = vi.spyOn(api.restoreOutcome, 'dropKept').mockResolvedValue({})
    show(kept)
    expect((await screen.findByText(formatBytes('4294967296'))).tagName).toBe('DD')
    fireEvent.click(button('Drop the kept database…'))
    const dialog = within(screen.getByRole('dialog'))
    const act = () => dialog.getByRole<HTMLButtonElement>('button', { name: 'Drop the kept database' })
    for (const part of ['db1', '5433', place.systemIdentifier]) expect(dialog.getByText(part)).toBeTruthy()
    dialog.getByText('1 session connected to it when last asked: it can be dropped once they are closed.')
    for (const text of ['', 'shop', database.toUpperCase(), `${database} `]) {
      fireEvent.change(dialog.getByRole('textbox'), { target: { value: text } })
      expect(act().disabled).toBe(true)
    }
    fireEvent.change(dialog.getByRole('textbox'), { target: { value: database } })
    fireEvent.click(act())
    await screen.findByText('Dropped. Its room on the disk is free again.')
    expect(drop).toHaveBeenCalledWith({ jobId: 'j1', confirm: database, systemIdentifier: place.systemIdentifier })
    expect(screen.queryByRole('button', { name: 'Drop the kept database…' })).toBeNull()
  })
  test('what is gone or not to be reached has no button, and says why', async () => {
    show({ ...kept, there: false, why: 'it was dropped or renamed meanwhile', size: null, sessions: 0 })
    await screen.findByText('It can not be dropped from here: it was dropped or renamed meanwhile.')
    expect(screen.queryByRole('button', { name: 'Drop the kept database…' })).toBeNull()
    cleanup()
    show(new AppError('not_found', 'There is no such connection.', { hint: 'It was removed.' }))
    expect((await screen.findByRole('alert')).textContent).toContain('There is no such connection.It was removed.')
    expect(screen.getByText(database)).toBeTruthy()
    expect(screen.queryByRole('button', { name: 'Drop the kept database…' })).toBeNull()
  })
  test('a read-only connection drops nothing', async () => {
    useConnections.setState({ connections: [connectionSample({ readOnly: true })] })
    show(kept)
    await screen.findByText('main is marked read-only: take the mark off in the connection to drop it from here.')
    expect(button('Drop the kept database…').disabled).toBe(true)
  })
})

test('rows are counted in words that do not claim more than is known', () => {
  const rows = Array.from({ length: 20 }, () => ['1'])
  expect(countWords({ rows: [['1']], total: 1, more: false })).toBe('1')
  expect(countWords({ rows, total: 20, more: false })).toBe('20')
  expect(countWords({ rows, total: 4812, more: false })).toBe('4,812; the first 20 are shown')
  expect(countWords({ rows, total: 100_000, more: true })).toBe('more than 100,000; the first 20 are shown')
  expect(countWords({ rows, total: null, more: false })).toBe('not counted, since it took too long; the first 20 are shown')
})

test('kinds: the most numerous first, equals by name', () => {
  expect(kindRows({ count: 1205, kinds: { TABLE: 2, INDEX: 1201, ACL: 2 } })).toEqual([
    { label: 'INDEX', value: '1,201' },
    { label: 'ACL', value: '2' },
    { label: 'TABLE', value: '2' },
  ])
})

test('a report’s name is one that every file system takes; one with a folder in it is refused', () => {
  const endedAt = new Date(2026, 10, 22, 13, 6).toISOString()
  const name = (title: string) => reportName({ title, endedAt, createdAt: endedAt })
  expect(name('Restore into a/b: "ü" *')).toBe('Restore-into-a-b-ü-2026-11-22-1306.txt')
  expect(name('…')).toBe('job-2026-11-22-1306.txt')
  expect(name('x'.repeat(300))).toHaveLength(60 + '-2026-11-22-1306.txt'.length)
  expect(nameProblem(name('x'))).toBe('')
  expect(nameProblem(' ')).toBe('The file needs a name.')
  expect(nameProblem('../x')).toBe('A name has no / and no \\ in it: choose the folder above.')
})
