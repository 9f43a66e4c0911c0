// PostgreSQL's own programs with an initdb that takes its time: a job that runs as long as a test needs it to.
import { chmodSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from '../support/tempFolder'

const programs = '/usr/lib/postgresql/15/bin'

export interface SlowInstallation {
  /** The folder with the programs. */
  bin: string
  /** Lets initdb end; it fails. */
  finish(): void
}

/** initdb goes on until `finish` is called, five minutes at most. `stubborn`: it does not listen to SIGTERM. */
export function slowInstallation({ stubborn = false }: { stubborn?: boolean } = {}): SlowInstallation {
  const bin = tempFolder('slow')
  chmodSync(bin, 0o755)
  for (const name of readdirSync(programs)) if (name !== 'initdb') symlinkSync(join(programs, name), join(bin, name))
  const version = `case "$*" in *--version*|-V) exec ${programs}/initdb --version;; esac`
  const ignore = stubborn ? "trap '' TERM" : ':'
  const finished = join(bin, 'finished')
  const wait = `for n in $(seq 3000); do [ -e ${finished} ] && break; sleep 0.1; done`
  writeFileSync(join(bin, 'initdb'), `#!/bin/sh\n${version}\n${ignore}\n${wait}\nexit 1\n`)
  chmodSync(join(bin, 'initdb'), 0o755)
  return { bin, finish: () => writeFileSync(finished, '') }
}
