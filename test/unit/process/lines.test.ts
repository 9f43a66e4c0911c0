// Cutting a program's output into lines, wherever its chunks end, with no secret escaping across a border.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutLines } from '../../../electron/process/lines'
import { makeRedactor } from '../../../electron/process/redact'
import { Secret } from '../../../electron/process/secret'

function linesOf(chunks: readonly (string | Buffer)[], secrets: readonly Secret[] = []): string[] {
  const lines: string[] = []
  const cutter = cutLines((line) => lines.push(line), makeRedactor(secrets))
  for (const chunk of chunks) cutter.push(Buffer.from(chunk))
  cutter.end()
  return lines
}

describe('cutLines', () => {
  it('ends lines at LF, CR LF and a lone CR, also when the chunks end between them', () => {
    expect(linesOf(['a\nb\r\nc\rd'])).toEqual(['a', 'b', 'c', 'd'])
    expect(linesOf(['a\r', '\nb\r', 'c', '\r', '', '\n', '\n'])).toEqual(['a', 'b', 'c', ''])
  })

  it('hands on a progress line at its CR, without waiting for what follows', () => {
    const lines: string[] = []
    cutLines((line) => lines.push(line)).push(Buffer.from('10%\r'))
    expect(lines).toEqual(['10%'])
  })

  it('puts characters together that chunks cut in two', () => {
    const bytes = Buffer.from('Größe 🐘 日本\n')
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(linesOf([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(['Größe 🐘 日本'])
    }
  })

  it('gives the same lines wherever the chunks end', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'ß', '🐘', '\n', '\r', ' ') })
    fc.assert(
      fc.property(text, fc.array(fc.nat(40)), (whole, cuts) => {
        const bytes = Buffer.from(whole)
        const borders = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length]
        const chunks = borders.slice(1).map((end, index) => bytes.subarray(borders[index], end))
        expect(linesOf(chunks)).toEqual(linesOf([whole]))
        expect(linesOf([whole])).toEqual(
          whole.replace(/(\r\n|\r|\n)$/, '') === '' && !/[\r\n]/.test(whole) ? [] : expectedLines(whole),
        )
      }),
    )
  })

  it('cuts a long line into pieces of at most 64 Ki characters and loses nothing', () => {
    const long = `${'x'.repeat(200_000)}🐘`
    const pieces = linesOf([long.slice(0, 70_000), `${long.slice(70_000)}\nend`])
    expect(pieces.at(-1)).toBe('end')
    expect(pieces.slice(0, -1).join('')).toBe(long)
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(65_536)
  })

  it('never cuts a character of two halves', () => {
    const pieces = linesOf([`${'x'.repeat(65_535)}${'🐘'.repeat(40_000)}`])
    expect(pieces.length).toBeGreaterThan(1)
    for (const piece of pieces) expect(Buffer.from(piece, 'utf8').toString('utf8')).toBe(piece)
  })

  it('replaces a secret that lies across the border of two pieces, at every offset', () => {
    const secret = 'correct-horse-battery'
    for (let offset = 65_500; offset < 65_560; offset += 1) {
      for (const chunk of [1_000, 65_536, 200_000]) {
        const text = `${'x'.repeat(offset)}${secret}${'y'.repeat(70_000)}`
        const chunks: string[] = []
        for (let at = 0; at < text.length; at += chunk) chunks.push(text.slice(at, at + chunk))
        const joined = linesOf(chunks, [new Secret(secret)]).join('')
        expect(joined).toBe(`${'x'.repeat(offset)}********${'y'.repeat(70_000)}`)
      }
    }
  })
})

function expectedLines(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}
