// The small parts of the headless host: command line, browser, terminal, files, policy.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { contentPolicy, newNonce, securityHeaders } from '../../../electron/contentPolicy'
import { readRendererFile } from '../../../electron/rendererFile'
import { readServeFlags, usage } from '../../../electron/serveFlags'
import { browserOpener } from '../../../electron/web/openBrowser'
import { isInForeground } from '../../../electron/web/terminalKeys'
import { AppError } from '../../../shared/rpc/appError'
import { streamWindow } from '../../../shared/rpc/frames'

describe('readServeFlags', () => {
  it('knows its options, the last one counts', () => {
    expect(readServeFlags([])).toEqual({ port: 0, open: false, help: false })
    expect(readServeFlags(['--open', '--port=4100'])).toEqual({ port: 4100, open: true, help: false })
    expect(readServeFlags(['--open', '--no-open', '--port=1', '--port=65535'])).toEqual({ port: 65535, open: false, help: false })
    expect(readServeFlags(['-h']).help).toBe(true)
  })

  it('refuses anything else in words', () => {
    for (const flag of ['--Port=1', 'serve', '--port', '--port=-1', '--port=1e3', '--port= 1', '--open=yes']) {
      expect(() => readServeFlags([flag]), flag).toThrow(AppError)
    }
    expect(() => readServeFlags(['--x'])).toThrow('"--x" is not an option of serve.')
    expect(usage).toContain('ssh -L PORT:127.0.0.1:PORT')
  })
})

describe('browserOpener', () => {
  it('opens only where there is a screen and an account that may', () => {
    expect(browserOpener('linux', { DISPLAY: ':0' }, false)).toBe('xdg-open')
    expect(browserOpener('linux', { WAYLAND_DISPLAY: 'wayland-0' }, false)).toBe('xdg-open')
    expect(browserOpener('linux', {}, false)).toBeUndefined()
    expect(browserOpener('linux', { DISPLAY: '' }, false)).toBeUndefined()
    expect(browserOpener('linux', { DISPLAY: ':0' }, true)).toBeUndefined()
    expect(browserOpener('darwin', {}, false)).toBe('open')
    expect(browserOpener('darwin', {}, true)).toBeUndefined()
    expect(browserOpener('win32', {}, false)).toBe('explorer.exe')
  })
})

describe('isInForeground', () => {
  it("compares the process group with the terminal's, whatever the process is called", () => {
    expect(isInForeground('100 (node) S 1 100 100 34816 100 4194304')).toBe(true)
    expect(isInForeground('100 (node) S 1 100 100 34816 90 4194304')).toBe(false)
    expect(isInForeground('100 (a) S 1 5 (b) S 1 100 100 34816 90 4194304')).toBe(false)
    expect(isInForeground('100 (a) b) S 1 100 100 34816 100 4194304')).toBe(true)
  })
})

describe('readRendererFile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'walkback-files-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'index.html'), '<style nonce="__CSP_NONCE__"></style><style nonce="__CSP_NONCE__"></style>')

  it('puts the nonce in at each place', async () => {
    const file = await readRendererFile(folder, '/', 'abc$&')
    expect(file?.type).toBe('text/html; charset=utf-8')
    expect(file?.immutable).toBe(false)
    expect(file?.content.toString()).not.toContain('__CSP_NONCE__')
    expect(await readRendererFile(folder, '/index.htm', 'x')).toBeUndefined()
    expect(await readRendererFile(folder, '/missing.js', 'x')).toBeUndefined()
    expect(await readRendererFile(folder, '/index.html/x.js', 'x')).toBeUndefined()
  })
})

describe('contentPolicy', () => {
  it('is the whole policy, with sockets only where they are named', () => {
    expect(contentPolicy({ nonce: 'n' })).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-n'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-src 'none'; frame-ancestors 'none'; object-src 'none'; worker-src 'self'; require-trusted-types-for 'script'",
    )
    expect(contentPolicy({ nonce: 'n', sockets: ['ws://127.0.0.1:1'] })).toContain("connect-src 'self' ws://127.0.0.1:1;")
    expect(Object.keys(securityHeaders({ nonce: 'n' })).filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(newNonce()).toMatch(/^[A-Za-z0-9+/]{24}$/)
  })
})

it('the window of a stream is even, so that room is given at whole halves', () => {
  expect(streamWindow % 2).toBe(0)
})
