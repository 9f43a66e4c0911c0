// The check of types, run as `npm run check` runs it over a small tree with one breach of each environment: all are found.
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { checks } from '../../../build/checks.mjs'
import { tempFolder } from '../../support/tempFolder'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)

const noNode = "Cannot find name 'process'"
const noPage = "Cannot find name 'document'"
const wrongType = "Type 'number' is not assignable to type 'string'"

const files: readonly [file: string, line: string, finding: string][] = [
  ['shared/node.ts', 'export const pid = process.pid', noNode],
  ['shared/page.ts', 'export const title = document.title', noPage],
  ['shared/type.ts', 'export const text: string = 1', wrongType],
  ['electron/page.ts', 'export const title = document.title', noPage],
  ['electron/type.ts', 'export const text: string = 1', wrongType],
  ['electron/shell/page.ts', 'export const title = document.title', noPage],
  ['electron/shell/type.ts', 'export const text: string = 1', wrongType],
  ['electron/shell/preload.ts', 'export const pid = process.pid', noNode],
  ['renderer/node.ts', 'export const pid = process.pid', noNode],
  ['renderer/type.tsx', 'export const text: string = 1', wrongType],
  ['test/type.test.ts', 'export const text: string = 1', wrongType],
  ['build/type.ts', 'export const text: string = 1', wrongType],
]
/** What each environment does have. */
const allowed = [
  ['electron/node.ts', 'export const pid = process.pid'],
  ['renderer/page.ts', 'export const title = document.title'],
  ['test/both.ts', 'export const both = [process.pid, document.title]'],
] as const

test('a breach of each environment is found, in its file, and what an environment has is not one', async () => {
  const tree = tempFolder('checks')
  for (const folder of ['.', 'shared', 'electron', 'electron/shell', 'renderer', 'test', 'build']) {
    mkdirSync(join(tree, folder), { recursive: true })
    copyFileSync(join(root, folder, 'tsconfig.json'), join(tree, folder, 'tsconfig.json'))
  }
  copyFileSync(join(root, 'build/lint.json'), join(tree, 'build/lint.json'))
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
  for (const [file, line] of [...files, ...allowed]) writeFileSync(join(tree, file), `// A file.\n${line}\n`)

  const [, program, args] = checks.find(([name]) => name === 'lint and types') ?? ['', '', []]
  // Folders by name: the link to the packages is not to be followed.
  const folders = ['shared', 'electron', 'renderer', 'test', 'build']
  const argv = [...args.filter((arg) => arg !== '.'), '--format=unix', ...folders]
  const { code, stdout } = (await run(join(root, 'node_modules/.bin', program), argv, { cwd: tree }).catch(
    (error: { code: number; stdout: string }) => error,
  )) as { code?: number; stdout: string }
  expect(code).toBe(1)
  const found = stdout.split('\n').filter((line) => line.includes('typescript(TS'))
  for (const [file, , finding] of files) {
    expect(
      found.filter((line) => line.includes(file) && line.includes(finding)),
      file,
    ).toHaveLength(1)
  }
  expect(found).toHaveLength(files.length)
}, 60_000)
