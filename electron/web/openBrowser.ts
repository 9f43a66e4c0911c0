// Opens the person's browser at a one-time link without the link ever being in a command line, where `ps` shows it to
// every account of the machine: the browser is given a private file that sends it on.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tokenLifetimeMs } from './sessionToken'

/** The program that opens a file with what the system has chosen for it; undefined where there is no screen. */
export function browserOpener(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, isRoot: boolean): string | undefined {
  if (platform === 'win32') return 'explorer.exe'
  // Browsers refuse to run as root, and another account's browser could not read the file.
  if (isRoot) return undefined
  if (platform === 'darwin') return 'open'
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? 'xdg-open' : undefined
}

export interface OpenBrowserOptions {
  /** Program that opens a file, see browserOpener. */
  opener: string
  /** A folder that only this account can read. */
  scratch: string
  link: string
  report(text: string): void
}

/** Returns what removes the file again: to be called once the browser has arrived. It goes by itself with the link's time. */
export async function openBrowser(options: OpenBrowserOptions): Promise<() => void> {
  const { opener, scratch, link } = options
  const file = join(scratch, `open-walkback-${process.pid}.html`)
  rmSync(file, { force: true })
  const page = `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Walkback</title><meta http-equiv="refresh" content="0;url=${link}">`
  await writeFile(file, page, { mode: 0o600, flag: 'wx' })
  const remove = () => rmSync(file, { force: true })
  const timer = setTimeout(remove, tokenLifetimeMs)
  timer.unref()
  process.once('exit', remove)
  const child = spawn(opener, [file], { stdio: 'ignore', detached: true })
  child.on('error', (error) => {
    remove()
    options.report(`No browser could be opened (${error.message}). Open the link above.`)
  })
  child.unref()
  return () => {
    clearTimeout(timer)
    process.off('exit', remove)
    remove()
  }
}
