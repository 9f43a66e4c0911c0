// Notices Enter in the terminal, without being stopped by the terminal when the process runs in its background.
import { readFileSync } from 'node:fs'

/**
 * A background process that reads from its terminal is stopped (SIGTTIN), and every job with it. Only Linux tells through
 * a file which process group is in the foreground; elsewhere the terminal is taken as ours.
 */
export function isInForeground(stat = readOwnStat()): boolean {
  if (stat === undefined) return true
  // "pid (name) state ppid pgrp session tty_nr tpgid ..."; the name may hold anything, a closing bracket too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[2] === fields[5]
}

function readOwnStat(): string | undefined {
  if (process.platform !== 'linux') return undefined
  return readFileSync('/proc/self/stat', 'utf8')
}

/** Calls `onEnter` once for each line; what else is on the line is not looked at. */
export function watchEnter(onEnter: () => void): void {
  const { stdin } = process
  let gone = false
  stdin.on('data', (chunk: Buffer) => {
    if (chunk.includes(10) || chunk.includes(13)) onEnter()
  })
  // The terminal went away, as when an SSH connection breaks: links can still be had by SIGHUP.
  stdin.on('error', () => {
    gone = true
    stdin.pause()
  })
  // Reading alone must not keep a process alive that has nothing else to do.
  stdin.unref?.()
  if (!stdin.isTTY || process.platform === 'win32') return

  let poll: NodeJS.Timeout | undefined
  function follow() {
    clearInterval(poll)
    if (gone) return
    if (isInForeground()) {
      stdin.resume()
      return
    }
    stdin.pause()
    // `fg` of a process that was never stopped tells it nothing, so it has to look.
    poll = setInterval(() => {
      if (isInForeground()) follow()
    }, 1000)
    poll.unref()
  }
  // Going to the background is always by Ctrl+Z and `bg`, and `bg` continues the process.
  process.on('SIGCONT', follow)
  follow()
}
