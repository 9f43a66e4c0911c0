// Notices that the terminal is gone: an SSH connection broke, a window was closed.
import { isatty } from 'node:tty'

/** How often it looks, in milliseconds. */
const everyMs = 1000

/**
 * Calls `onGone` once when the terminal that is written to has hung up; never for a pipe, a file or a service.
 *
 * A shell does not always pass the hangup on as SIGHUP: not after `exit`, and not when it is itself ended by it before it
 * could. A process in the background then hears nothing, and a write would fail only when there is something to write. So
 * the terminal is looked at: once it has hung up, the system no longer takes its open ends for a terminal.
 */
export function watchTerminal(onGone: () => void): void {
  const ends = [process.stdout, process.stderr].filter((stream) => stream.isTTY)
  let poll: NodeJS.Timeout | undefined
  let told = false
  function gone() {
    clearInterval(poll)
    if (told) return
    told = true
    onGone()
  }
  // What can't be printed is not printed. EIO is a terminal that hung up; a closed pipe (EPIPE) belongs to a service.
  const onError = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EIO') gone()
  }
  process.stdout.on('error', onError)
  process.stderr.on('error', onError)
  if (ends.length === 0) return
  poll = setInterval(() => {
    if (ends.some((stream) => !isatty(stream.fd))) gone()
  }, everyMs)
  poll.unref()
}
