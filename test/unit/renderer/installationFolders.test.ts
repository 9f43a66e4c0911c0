// A folder that was added counts as found when its programs lie in it or in the bin below it.
import { describe, expect, test } from 'vitest'
import { foundThrough } from '../../../renderer/screens/Settings/installationFolders'

describe('an added folder and the installation found through it', () => {
  test.each([
    ['/opt/pg/18/bin', '/opt/pg/18/bin'],
    ['/opt/pg/18/bin', '/opt/pg/18'],
    ['/opt/pg/18/bin', '/opt/pg/18/'],
    ['/opt/pg/18/bin', '/opt/pg/18/bin/'],
    ['/opt/pg/18/bin/', '/opt/pg/18/bin/'],
    ['C:\\PostgreSQL\\18\\bin', 'C:\\PostgreSQL\\18'],
    ['C:\\PostgreSQL\\18\\bin', 'C:\\PostgreSQL\\18\\'],
  ])('%s through %s', (found, added) => expect(foundThrough(found, added)).toBe(true))
  test.each([
    ['/opt/pg/18/bin', '/opt/pg/1'],
    ['/opt/pg/18/bin', '/opt/pg'],
    ['/opt/pg/18/bin', '/opt/pg/18/bin/bin'],
    ['/usr/lib/postgresql/15/bin', '/nonexistent/bin'],
  ])('%s not through %s', (found, added) => expect(foundThrough(found, added)).toBe(false))
})
