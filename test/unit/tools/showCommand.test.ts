// Shown commands, read back by a real shell: what a person copies is exactly what runs.
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commandText, quoteForShell, shownWords } from '../../../shared/tools/showCommand'

/** The words as /bin/sh understands them. */
function readByShell(text: string): string[] {
  const script = `show() { for word in "$@"; do printf '%s\\0' "$word"; done; }; show ${text}`
  const out = execFileSync('/bin/sh', ['-c', script], { env: { PATH: '/usr/bin:/bin', HOME: '/root' } })
  return out.toString('utf8').split('\0').slice(0, -1)
}

const hostile = [
  '',
  ' ',
  "it's",
  '"double"',
  '$(touch /tmp/x)',
  '`id`',
  'a\nb',
  '\\',
  "\\'",
  '~',
  '~root',
  '*',
  '?',
  '[a]',
  '!x',
  '#c',
  '=x',
  '--label=two words',
  "--dbname=dbname='o''x'",
  '--x=',
  '--x=$HOME',
  '-',
  '--',
  '&',
  ';',
  '|',
  '<',
  '>',
  '(',
  '{a,b}',
  'é日本',
  '\t',
  'a=b',
  '%',
]

describe('quoteForShell', () => {
  it('is read back by a real shell as it was', () => {
    expect(readByShell(shownWords(hostile).join(' '))).toEqual(hostile)
  })

  it('is read back for any text', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'))
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), (words) => {
        expect(readByShell(shownWords(words).join(' '))).toEqual(words)
      }),
      { numRuns: process.env.WALKBACK_LONG === '1' ? 1000 : 60 },
    )
  })

  it('leaves plain words plain and quotes only the value of an option', () => {
    expect(quoteForShell('--host=db1.internal')).toBe('--host=db1.internal')
    expect(quoteForShell('/srv/a_b-c')).toBe('/srv/a_b-c')
    expect(quoteForShell('--label=two words')).toBe("--label='two words'")
    expect(quoteForShell("--dbname=dbname='x'")).toBe("--dbname='dbname='\\''x'\\'''")
  })
})

describe('commandText', () => {
  it('breaks long commands so that a shell still reads one', () => {
    const argv = Array.from({ length: 30 }, (_, count) => `--option-x=value ${count}`)
    const text = commandText('pg_dump', shownWords(argv))
    expect(text.split('\n').length).toBeGreaterThan(3)
    for (const line of text.split('\n')) expect(line.length).toBeLessThan(110)
    expect(readByShell(text)).toEqual(['pg_dump', ...argv])
  })

  it('keeps a short one on one line', () => {
    expect(commandText('pg_dump', ['--version'])).toBe('pg_dump --version')
  })
})
