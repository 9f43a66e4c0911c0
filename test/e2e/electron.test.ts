// The real desktop window, where Electron's runtime is: its page, its bridge, its lock-down. Elsewhere it is skipped by name,
// or fails with REQUIRE_ELECTRON=1.
import { fileURLToPath } from 'node:url'
import { _electron } from 'playwright'
import { expect, test } from 'vitest'
import { findRuntime } from '../../build/electronRuntime.mjs'
import { tempFolder } from '../support/tempFolder'

const root = fileURLToPath(new URL('../..', import.meta.url))
const runtime: { executable?: string; reason?: string } = await findRuntime({ mayFetch: false })
const required = process.env.REQUIRE_ELECTRON === '1'
if (runtime.executable === undefined && !required) console.log(`SKIPPED the desktop window: ${runtime.reason}`)

test.skipIf(runtime.executable === undefined && !required)('the window opens, locked down, on a core that answers', async () => {
  if (runtime.executable === undefined) throw new Error(`REQUIRE_ELECTRON is set, but there is no window: ${runtime.reason}`)
  const app = await _electron.launch({
    executablePath: runtime.executable,
    args: [root],
    env: { ...process.env, WALKBACK_DATA: tempFolder('electron') },
  })
  try {
    const page = await app.firstWindow()
    await page.getByText('Make a practice cluster').first().waitFor()
    expect(page.url()).toMatch(/^app:\/\/walkback\/index\.html/)
    expect(await page.evaluate(() => typeof (globalThis as { require?: unknown }).require)).toBe('undefined')
    expect(await page.evaluate(() => typeof (globalThis as { process?: unknown }).process)).toBe('undefined')
    const preferences = await app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents
      return (contents as unknown as { getLastWebPreferences(): Record<string, unknown> }).getLastWebPreferences()
    })
    expect(preferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false })
    const opened = await page.evaluate(() => window.open('https://example.org/') === null)
    expect(opened).toBe(true)
  } finally {
    await app.close()
  }
})
