// The layer check: who may import what. Prints each breach as file:line and fails when there is one.

import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const builtins = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)])
const importPattern =
  /(?:^|\n)\s*(?:import|export)\b[^'"\n;]*(?:\{[^}]*\}[^'"\n;]*)?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\brequire\(\s*['"]([^'"]+)['"]\s*\)/g

/** Modules that can listen on a socket. */
const listening = /\b(?:createServer|createSecureServer|WebSocketServer)\b/
const domGlobals = /\b(?:window|document|localStorage|sessionStorage|navigator|location)\s*[.[]/

function lineOf(text, index) {
  return text.slice(0, index).split('\n').length
}

function capabilityOf(file) {
  return /^electron\/capabilities\/([^/]+)\//.exec(file)?.[1]
}

/** All breaches of one file, as { line, text }. `file` is relative to the root with forward slashes. */
export function findBreaches(file, source) {
  const breaches = []
  // Line comments go; strings stay, since they hold the import paths.
  const text = source.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '')
  const at = (index, message) => breaches.push({ line: lineOf(text, index), text: message })
  const top = file.split('/')[0]
  for (const match of text.matchAll(importPattern)) {
    const target = match[1] ?? match[2] ?? match[3] ?? match[4]
    const index = match.index + match[0].indexOf(target)
    if (target.startsWith('.')) {
      const resolved = posix.normalize(posix.join(posix.dirname(file), target))
      const into = resolved.split('/')[0]
      if (top === 'shared' && into !== 'shared') at(index, `shared/ may import only shared/, not ${resolved}`)
      if (top === 'renderer' && into !== 'renderer' && into !== 'shared') at(index, `renderer/ may not reach into ${resolved}`)
      if (top === 'electron' && into !== 'electron' && into !== 'shared' && resolved !== 'package.json')
        at(index, `electron/ may not reach into ${resolved}`)
      const own = capabilityOf(file)
      const other = capabilityOf(`${resolved}/`)
      if (own && other && own !== other) at(index, `capability ${own} may not import the inside of ${other}`)
      if (/^electron\/shell(\/|$)/.test(resolved) && !/^electron\/(shell\/|main\.ts)/.test(file))
        at(index, `only electron/main.ts uses electron/shell`)
      continue
    }
    if (target === 'electron' && !/^electron\/(shell\/|main\.ts$)/.test(file))
      at(index, `only electron/shell and electron/main.ts import electron`)
    if (top === 'shared' && (builtins.has(target) || target !== 'zod')) at(index, `shared/ may import zod only, not ${target}`)
    if (top === 'renderer' && (builtins.has(target) || target === 'pg' || target === 'ws'))
      at(index, `renderer/ may not import ${target}`)
    if (top === 'electron' && /^(react|react-dom|@mui\/|@emotion\/|zustand)/.test(target))
      at(index, `electron/ may not import ${target}`)
  }
  if (top === 'electron' && !file.startsWith('electron/web/')) {
    const found = listening.exec(text)
    // Probing for a free port binds for a moment and accepts nothing.
    if (found && !file.endsWith('freePort.ts')) at(found.index, 'only electron/web may listen')
  }
  if (top === 'shared') {
    const found = domGlobals.exec(text)
    if (found) at(found.index, `shared/ may not use the DOM (${found[0]})`)
    const node = /\b(?:process|Buffer|__dirname)\s*[.[(]/.exec(text)
    if (node) at(node.index, `shared/ may not use Node (${node[0]})`)
  }
  return breaches
}

export function checkLayers() {
  let count = 0
  for (const folder of ['shared', 'electron', 'renderer']) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true, recursive: true })) {
      if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue
      const path = join(entry.parentPath, entry.name)
      const file = relative(root, path).replaceAll('\\', '/')
      for (const breach of findBreaches(file, readFileSync(path, 'utf8'))) {
        console.error(`${file}:${breach.line}  ${breach.text}`)
        count += 1
      }
    }
  }
  return count
}

/** Over 300 lines without a reason: a table, a test, or a first comment that says "Long because". */
export function isTooLong(file, text) {
  const isTable = file.startsWith('shared/tools/') || /\/sample\//.test(file)
  return text.split('\n').length - 1 > 300 && !isTable && !text.slice(0, 600).includes('Long because')
}

export function checkLengths() {
  let count = 0
  // What tests are made with is no test.
  for (const folder of ['shared', 'electron', 'renderer', 'build', 'test/support']) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true, recursive: true })) {
      if (!entry.isFile() || !/\.(tsx?|mjs|css)$/.test(entry.name)) continue
      const path = join(entry.parentPath, entry.name)
      const file = relative(root, path).replaceAll('\\', '/')
      const text = readFileSync(path, 'utf8')
      if (!isTooLong(file, text)) continue
      console.error(`${file}  ${text.split('\n').length - 1} lines: split it, or say at its head why not ("Long because ...")`)
      count += 1
    }
  }
  return count
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const breaches = checkLayers() + checkLengths()
  if (breaches > 0) {
    console.error(`${breaches} breaches of the layers`)
    process.exit(1)
  }
  console.log('layers hold')
}
