// Reads the command line of the headless host.
import { AppError } from '../shared/rpc/appError'

export interface ServeFlags {
  /** 0 picks a free one. */
  port: number
  open: boolean
  help: boolean
}

export const usage = `Usage: npm run serve -- [--port=PORT] [--open]

  --port=PORT  where to listen on 127.0.0.1; without it, or with 0, a free port is picked
  --open       open the browser of this machine, where there is one
  --no-open    do not (this is what happens without --open)

To use it from another machine, forward the same port number and open the printed link there:
  ssh -L PORT:127.0.0.1:PORT account@server
`

/** Throws AppError bad_input for what it does not know: a mistyped flag must not be taken for a wish that was heard. */
export function readServeFlags(args: readonly string[]): ServeFlags {
  const flags: ServeFlags = { port: 0, open: false, help: false }
  for (const arg of args) {
    if (arg === '--open') flags.open = true
    else if (arg === '--no-open') flags.open = false
    else if (arg === '--help' || arg === '-h') flags.help = true
    else if (arg.startsWith('--port=')) flags.port = readPort(arg.slice('--port='.length))
    else throw new AppError('bad_input', `"${arg}" is not an option of serve.`, { hint: usage })
  }
  return flags
}

function readPort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65535) {
    throw new AppError('bad_input', `"${text}" is not a port number.`, {
      hint: 'Give a number from 0 to 65535; 0 picks a free port.',
    })
  }
  return port
}
