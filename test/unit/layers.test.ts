// The layer check itself: each rule is broken once here, so that a check that never fails would be seen.
import { expect, test } from 'vitest'
import { checkLayers, checkLengths, findBreaches, isTooLong } from '../../build/layers.mjs'

test.each([
  ['shared/model/lsn.ts', "import { readFileSync } from 'node:fs'", 'shared/ may import zod only, not node:fs'],
  ['shared/model/lsn.ts', "import pg from 'pg'", 'shared/ may import zod only, not pg'],
  [
    'shared/model/lsn.ts',
    "import { x } from '../../electron/services'",
    'shared/ may import only shared/, not electron/services',
  ],
  ['shared/model/lsn.ts', 'export const w = window.innerWidth', 'shared/ may not use the DOM'],
  ['shared/model/lsn.ts', 'export const p = process.env.HOME', 'shared/ may not use Node'],
  ['electron/app.ts', "import { app } from 'electron'", 'only electron/shell and electron/main.ts import electron'],
  ['electron/jobs/jobLog.ts', "const { app } = require('electron')", 'only electron/shell and electron/main.ts import electron'],
  ['electron/app.ts', "import { openVault } from './shell/vault'", 'only electron/main.ts uses electron/shell'],
  ['electron/app.ts', "import { x } from '../renderer/routes'", 'electron/ may not reach into renderer/routes'],
  ['electron/app.ts', "import React from 'react'", 'electron/ may not import react'],
  ['electron/jobs/jobLog.ts', "import { createServer } from 'node:http'", 'only electron/web may listen'],
  ['renderer/App.tsx', "import { x } from '../electron/services'", 'renderer/ may not reach into electron/services'],
  ['renderer/App.tsx', "const x = await import('../electron/services')", 'renderer/ may not reach into electron/services'],
  ['renderer/App.tsx', "import fs from 'fs'", 'renderer/ may not import fs'],
  [
    'electron/capabilities/dump/runDump.ts',
    "import { x } from '../restore/runRestore'",
    'capability dump may not import the inside of restore',
  ],
])('%s: %s', (file, source, message) => {
  const breaches = findBreaches(file, `// A file.\n${source}\n`)
  expect(breaches.map(({ text }) => text).join('\n')).toContain(message)
  expect(breaches[0]?.line).toBe(2)
})

test.each([
  ['shared/contracts/jobs.ts', "import { z } from 'zod'\nimport { x } from '../jobs/job'"],
  ['electron/shell/menu.ts', "import { Menu } from 'electron'"],
  ['electron/main.ts', "import { setMenu } from './shell/menu'"],
  ['electron/web/httpServer.ts', "import { createServer } from 'node:http'"],
  ['electron/capabilities/dump/handlers.ts', "import { x } from './runDump'\nimport { y } from '../../library/record'"],
  ['renderer/App.tsx', "import { x } from '../shared/contracts'\nwindow.close()"],
])('%s may', (file, source) => {
  expect(findBreaches(file, source)).toEqual([])
})

test.each([
  ['electron/jobs/jobLog.ts', 300, '', false],
  ['electron/jobs/jobLog.ts', 301, '', true],
  ['renderer/wizard/wizard.css', 301, '', true],
  ['test/support/clusters.ts', 301, '', true],
  ['electron/jobs/jobLog.ts', 301, 'Long because its halves share one buffer.', false],
  ['shared/tools/pgDump.ts', 301, '', false],
  ['electron/capabilities/practice/sample/shop.ts', 301, '', false],
])('%s of %i lines whose head says "%s" is too long: %o', (file, lines, reason, tooLong) => {
  expect(isTooLong(file, `// A file. ${reason}\n${'\n'.repeat(lines - 1)}`)).toBe(tooLong)
})

test('the tree holds them, and no file is long without a reason', () => {
  expect(checkLayers()).toBe(0)
  expect(checkLengths()).toBe(0)
})
