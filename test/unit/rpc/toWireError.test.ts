// What of an error reaches the page: words and codes, never stacks, causes or values.
import { describe, expect, it } from 'vitest'
import { toWireError } from '../../../electron/rpc/toWireError'
import { AppError } from '../../../shared/rpc/appError'

function convert(error: unknown) {
  const reports: string[] = []
  return { wire: toWireError(error, 'dump.start', (text) => reports.push(text)), reports }
}

describe('toWireError', () => {
  it('passes an AppError on without its cause', () => {
    const error = new AppError('conflict', 'In use.', { hint: 'Wait.', details: { path: '/x' }, cause: new Error('secret') })
    expect(convert(error)).toEqual({
      wire: { code: 'conflict', message: 'In use.', hint: 'Wait.', details: { path: '/x' } },
      reports: [],
    })
  })

  it("takes a server's message, state and hint, and nothing else of it", () => {
    const error = Object.assign(new Error('duplicate key value violates unique constraint "x"'), {
      code: '23505',
      severity: 'ERROR',
      detail: 'Key (password)=(secret) already exists.',
      where: 'secret',
      hint: '',
    })
    expect(convert(error)).toEqual({
      wire: { code: 'postgres', message: 'duplicate key value violates unique constraint "x"', details: { sqlstate: '23505' } },
      reports: [],
    })
  })

  it("does not take Node's own five-letter codes for the server's", () => {
    const { wire, reports } = convert(Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' }))
    expect(wire.code).toBe('internal')
    expect(reports[0]).toContain('EPERM')
  })

  it('calls an abort cancelled', () => {
    expect(convert(new DOMException('x', 'AbortError')).wire).toEqual({ code: 'cancelled', message: 'Cancelled.' })
  })

  it.each([new Error('secret'), 'secret', { password: 'secret' }, null, undefined, Symbol('secret'), 42n])(
    'says nothing of anything else: %s',
    (error) => {
      const { wire, reports } = convert(error)
      expect(wire.code).toBe('internal')
      expect(wire.message).toBe('Something unexpected failed inside Walkback.')
      expect(JSON.stringify(wire)).not.toContain('secret')
      expect(reports).toHaveLength(1)
      expect(wire.hint).toContain(String(wire.details?.['errorId']))
      expect(reports[0]).toContain(`[${wire.details?.['errorId']}] dump.start: `)
    },
  )
})
