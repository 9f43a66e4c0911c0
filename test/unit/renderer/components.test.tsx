// The components that keep people safe: typed confirmation, the preflight's order, what Copy gives, keys and names.
// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { cancelSentence } from '../../../renderer/components/CancelJobDialog'
import { CommandList, commandLines, commandText } from '../../../renderer/components/CommandBlock'
import { ConfirmDialog } from '../../../renderer/components/ConfirmDialog'
import { SelectField, TextField, Tick } from '../../../renderer/components/fields'
import { PreflightTable } from '../../../renderer/components/PreflightTable'
import { ProgressBar } from '../../../renderer/components/Progress'
import { Segmented } from '../../../renderer/components/Segmented'
import { JobStrip } from '../../../renderer/frame/JobStrip'
import { PageBoundary } from '../../../renderer/frame/PageBoundary'
import { IssuesCard } from '../../../renderer/screens/JobDetail/IssuesCard'
import { useJobs } from '../../../renderer/stores/jobs'
import { serverFactsRows } from '../../../renderer/stores/server'
import type { ShownCommand } from '../../../shared/jobs/job'
import type { PreflightRow } from '../../../shared/model/preflight'
import { connectionSample, jobSample } from './samples'

afterEach(cleanup)

const button = (name: string | RegExp) => screen.getByRole<HTMLButtonElement>('button', { name })

describe('typed confirmation', () => {
  const show = (onConfirm: () => void) =>
    render(
      <ConfirmDialog
        open
        title="Drop shop?"
        typeToConfirm="shop"
        typeLabel="the database’s name"
        action="Drop it"
        facts={serverFactsRows(connectionSample(), null)}
        onConfirm={onConfirm}
        onClose={() => undefined}
      >
        All of it.
      </ConfirmDialog>,
    )
  test('does nothing until exactly the name is typed, not even with Enter', () => {
    const onConfirm = vi.fn()
    show(onConfirm)
    const field = screen.getByRole('textbox')
    for (const text of ['', 'sho', 'Shop', 'shop ', ' shop']) {
      fireEvent.change(field, { target: { value: text } })
      expect(button('Drop it').disabled).toBe(true)
      const form = field.closest('form')
      if (!form) throw new Error('the dialog is no form')
      fireEvent.submit(form)
    }
    expect(onConfirm).not.toHaveBeenCalled()
    fireEvent.change(field, { target: { value: 'shop' } })
    expect(button('Drop it').disabled).toBe(false)
    fireEvent.click(button('Drop it'))
    expect(onConfirm).toHaveBeenCalledTimes(1)
  })
  test('says where it would happen', () => {
    show(() => undefined)
    const text = screen.getByRole('dialog').textContent ?? ''
    for (const part of ['Host', 'db1', 'Port', '5433', 'System identifier', 'Data directory', 'not known to this role'])
      expect(text).toContain(part)
  })
})

describe('preflight', () => {
  const row = (id: string, result: PreflightRow['result'], fixes: string[] = []): PreflightRow => ({
    id,
    result,
    check: id,
    found: 'x',
    fixes: fixes.map((label) => ({ label, action: { kind: 'go-to-step', step: 'options' } })),
  })
  const rows = [
    row('passes', 'pass'),
    row('warns', 'warning', ['Tidy']),
    row('stops', 'blocker', ['Best', 'Other']),
    row('stops too', 'blocker', ['Third']),
  ]
  test('blockers first, then warnings, then passes; counted in words', () => {
    render(<PreflightTable rows={rows} checkedAt={null} busy={false} onCheckAgain={() => undefined} onFix={() => undefined} />)
    const order = screen
      .getAllByRole('row')
      .slice(1)
      .map((each) => within(each).getAllByRole('cell')[1]?.textContent)
    expect(order).toEqual(['stops', 'stops too', 'warns', 'passes'])
    const words = screen.getByRole('region', { name: 'Preflight' }).textContent
    for (const part of ['2 blockers', '1 warning', '1 passed']) expect(words).toContain(part)
  })
  test('one filled button: the best fix of the first blocker', () => {
    const onFix = vi.fn()
    render(<PreflightTable rows={rows} checkedAt={null} busy={false} onCheckAgain={() => undefined} onFix={onFix} />)
    const filled = screen.getAllByRole('button').filter((each) => each.className.includes('MuiButton-contained'))
    expect(filled.map((each) => each.textContent)).toEqual(['Best'])
    fireEvent.click(button('Other'))
    expect(onFix).toHaveBeenCalledWith(rows[2]?.fixes[1], rows[2])
  })
})

describe('commands', () => {
  const command: ShownCommand = {
    title: '',
    program: 'pg_dump',
    version: 180004,
    words: ['--host=db1', "--file='/srv/a b'", '-x', 'operand'],
    kind: 'program',
  }
  test('Copy gives one line of shell text, SQL its statements', () => {
    expect(commandText(command)).toBe("pg_dump --host=db1 --file='/srv/a b' -x operand")
    expect(commandText({ ...command, kind: 'sql', words: ['CREATE DATABASE a;'] })).toBe('CREATE DATABASE a;')
  })
  test('lines are broken between words and lose none', () => {
    const lines = commandLines('pg_dump', command.words, 24)
    expect(lines.flat()).toEqual(['pg_dump', ...command.words])
    expect(lines.length).toBeGreaterThan(1)
  })
  test('what is drawn reads as the command that Copy gives', () => {
    const { container } = render(<CommandList commands={[command]} width={24} />)
    const shown = container.querySelector('pre')?.textContent ?? ''
    expect(shown.replaceAll(' \\\n  ', ' ')).toBe(commandText(command))
    expect([...container.querySelectorAll('.k')].map((each) => each.textContent)).toEqual(['--host=', '--file='])
  })
  test('several are numbered and copied together', async () => {
    const writeText = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue()
    render(<CommandList commands={[command, { ...command, program: 'pg_restore', title: 'Restore' }]} />)
    await act(async () => {
      fireEvent.click(button('Copy all'))
    })
    expect(writeText.mock.calls[0]?.[0].split('\n')).toHaveLength(2)
    expect(screen.getByText('Copied to the clipboard')).toBeTruthy()
    writeText.mockRestore()
  })
})

describe('fields', () => {
  test('a label names its field, and the problem describes it', () => {
    render(<TextField label="Port" value="x" onChange={() => undefined} problem="A number, please." />)
    const field = screen.getByLabelText('Port')
    expect(field.getAttribute('aria-invalid')).toBe('true')
    expect(document.getElementById(field.getAttribute('aria-describedby') ?? '')?.textContent).toBe('A number, please.')
  })
  test('a select gives back its own values only', () => {
    const onChange = vi.fn()
    render(
      <SelectField
        label="Mode"
        value="a"
        onChange={onChange}
        options={[
          { value: 'a', label: 'A' },
          { value: 'b', label: 'B' },
        ]}
      />,
    )
    fireEvent.change(screen.getByLabelText('Mode'), { target: { value: 'b' } })
    expect(onChange).toHaveBeenCalledWith('b')
  })
  test('a mixed tick asks for true', () => {
    const onChange = vi.fn()
    render(<Tick checked="mixed" onChange={onChange} label="sales" />)
    const box = screen.getByRole<HTMLInputElement>('checkbox', { name: 'sales' })
    expect(box.indeterminate).toBe(true)
    fireEvent.click(box)
    expect(onChange).toHaveBeenCalledWith(true)
  })
  test('a segmented control is a radio group: arrows move, disabled ones are passed over', () => {
    const onChange = vi.fn()
    const options = [
      { value: 'a', label: 'A' },
      { value: 'b', label: 'B', disabled: true },
      { value: 'c', label: 'C' },
    ] as const
    render(<Segmented label="Order" value="a" onChange={onChange} options={options} />)
    fireEvent.keyDown(screen.getByRole('radiogroup', { name: 'Order' }), { key: 'ArrowRight' })
    expect(onChange).toHaveBeenLastCalledWith('c')
    fireEvent.keyDown(screen.getByRole('radiogroup'), { key: 'ArrowLeft' })
    expect(onChange).toHaveBeenLastCalledWith('c')
    expect(screen.getAllByRole('radio').map((each) => each.tabIndex)).toEqual([0, -1, -1])
  })
  test('an unknown progress has no figure', () => {
    render(<ProgressBar percent={undefined} label="Dump" />)
    expect(screen.getByRole('progressbar', { name: 'Dump' }).hasAttribute('aria-valuenow')).toBe(false)
  })
})

describe('job strip', () => {
  test('shows what runs with percent and amount, and asks before it cancels', () => {
    const progress = { done: 512 * 1024 ** 2, total: 1024 ** 3, unit: 'bytes' as const, label: '' }
    useJobs.setState({
      jobs: [jobSample({ progress, onCancel: 'the .partial folder is removed' })],
      loaded: true,
      paces: {},
      moves: {},
    })
    render(<JobStrip />)
    const text = screen.getByRole('contentinfo').textContent
    expect(text).toContain('Dump shop')
    expect(text).toContain('50 %')
    expect(text).toContain('512 MB of 1.00 GB')
    fireEvent.click(button('Cancel Dump shop'))
    expect(screen.getByRole('dialog').textContent).toContain('The .partial folder is removed.')
    const [running] = useJobs.getState().jobs
    if (!running) throw new Error('there is no job')
    act(() => useJobs.setState({ jobs: [{ ...running, state: 'succeeded', endedAt: new Date().toISOString() }] }))
    expect(screen.queryByRole('dialog')).toBeNull()
  })
  test('tells as one sentence what a cancel does', () => {
    expect(cancelSentence('the server is stopped again')).toBe('The server is stopped again.')
    expect(cancelSentence('The folder is removed; nothing is left.')).toBe('The folder is removed; nothing is left.')
    expect(cancelSentence('')).toBe('It stops where it is.')
  })
  test('with nothing running says how the last one ended', () => {
    const last = jobSample({
      state: 'succeeded_with_warnings',
      errorCount: 2,
      endedAt: new Date(Date.now() - 120_000).toISOString(),
    })
    useJobs.setState({ jobs: [last], loaded: true, paces: {}, moves: {} })
    render(<JobStrip />)
    expect(screen.getByRole('contentinfo').textContent).toContain('Dump shopcompleted with 2 errors, 2 min ago')
  })
})

describe('issues', () => {
  test('each leads to its line of the log; harmless ones stand apart', () => {
    const base = { severity: 'error' as const, objectKind: 'INDEX', entry: 'i', statement: 'CREATE INDEX i', advice: 'Do that.' }
    const issues = [
      { ...base, object: 'a.one', message: 'bad', harmless: null, logLine: 41 },
      { ...base, object: 'a.two', message: 'meh', harmless: 'Older servers do not know it.', logLine: 42 },
    ]
    const onShowLine = vi.fn()
    render(
      <IssuesCard
        job={jobSample({ state: 'succeeded_with_warnings', errorCount: 1, issues })}
        onShowLog={() => undefined}
        onShowLine={onShowLine}
      />,
    )
    expect(screen.queryByText('a.two')).toBeNull()
    fireEvent.click(button('Line 42 of log'))
    expect(onShowLine).toHaveBeenCalledWith(41)
    fireEvent.click(button('1 message known to do no harm'))
    expect(screen.getByText('Older servers do not know it.')).toBeTruthy()
  })
})

describe('a page that breaks', () => {
  test('says so in the frame, and the next page works', () => {
    const quiet = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const Broken = () => {
      throw new Error('a chunk is gone')
    }
    const { rerender } = render(
      <PageBoundary page="/a">
        <Broken />
      </PageBoundary>,
    )
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('This page can not be shown')
    expect(screen.getByRole('alert').textContent).toContain('a chunk is gone')
    rerender(
      <PageBoundary page="/b">
        <p>fine</p>
      </PageBoundary>,
    )
    expect(screen.getByText('fine')).toBeTruthy()
    quiet.mockRestore()
  })
})
