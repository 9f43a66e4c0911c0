// PostgreSQL's own programs with an initdb that takes its time: a job that runs as long as a test needs it to.
import { chmodSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from '../support/tempFolder'

const programs = '/usr/lib/postgresql/15/bin'

/** The folder's path. `stubborn`: initdb does not listen to SIGTERM. It fails after `seconds`, 30 when absent. */
export function slowInstallation({ stubborn = false, seconds = 30 }: { stubborn?: boolean; seconds?: number }): string {
  const folder = tempFolder('slow')
  chmodSync(folder, 0o755)
  for (const name of readdirSync(programs)) if (name !== 'initdb') symlinkSync(join(programs, name), join(folder, name))
  const version = `case "$*" in *--version*|-V) exec ${programs}/initdb --version;; esac`
  const ignore = stubborn ? "trap '' TERM" : ':'
  writeFileSync(
    join(folder, 'initdb'),
    `#!/bin/sh\n${version}\n${ignore}\nfor n in $(seq ${seconds * 10}); do sleep 0.1; done\nexit 1\n`,
  )
  chmodSync(join(folder, 'initdb'), 0o755)
  return folder
}
