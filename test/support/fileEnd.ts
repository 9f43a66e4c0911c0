// After each file of a suite whose files share their processes: folders are gone, and no module stays replaced in part.
import { afterAll, vi } from 'vitest'
import { removeAllTempFolders } from './tempFolder'

afterAll(async () => {
  vi.restoreAllMocks()
  await removeAllTempFolders()
}, 60_000)
