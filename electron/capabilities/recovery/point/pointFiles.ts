// Files in the data directory that make a start of it a recovery to a moment.
import type { PlacedFile } from '../settingsText'
import type { PointRun } from './pointRun'
import { scriptPath } from './restoreScript'

/** Rule 8: recovery.signal asks for it; without it the server takes backup_label for a backup that holds all its WAL. */
export function pointFiles({ script }: Pick<PointRun, 'script'>): PlacedFile[] {
  return [
    { path: scriptPath, text: script },
    { path: 'recovery.signal', text: '' },
  ]
}
