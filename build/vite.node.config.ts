// The core's three bundles: the desktop's main process, its preload, and the headless host. WALKBACK_ENTRY picks one.

import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import packageJson from '../package.json' with { type: 'json' }

const entries = {
  // Electron loads an ESM main too, but a top-level await before `ready` deadlocks there: CommonJS can't have one.
  main: { input: 'electron/main.ts', format: 'cjs', file: 'main.cjs', target: 'node24' },
  // A sandboxed preload must be one CommonJS file.
  preload: { input: 'electron/shell/preload.ts', format: 'cjs', file: 'preload.cjs', target: 'node24' },
  serve: { input: 'electron/serve.ts', format: 'es', file: 'serve.mjs', target: 'node20' },
} as const

const name = process.env.WALKBACK_ENTRY ?? ''
if (name !== 'main' && name !== 'preload' && name !== 'serve')
  throw new Error(`WALKBACK_ENTRY must be main, preload or serve, not "${name}"`)
const entry = entries[name]
const root = fileURLToPath(new URL('..', import.meta.url))

export default defineConfig({
  root,
  define: { __WALKBACK_VERSION__: JSON.stringify(packageJson.version) },
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: true,
    outDir: `${root}${process.env.WALKBACK_DIST ?? 'dist'}`,
    emptyOutDir: false,
    target: entry.target,
    minify: false,
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: `${root}${entry.input}`,
      // pg-native and ws's native addons are optional there and not used: plain JavaScript is bundled.
      external: [
        'electron',
        'pg-native',
        'bufferutil',
        'utf-8-validate',
        ...builtinModules,
        ...builtinModules.map((module) => `node:${module}`),
      ],
      output: { format: entry.format, entryFileNames: entry.file, codeSplitting: false },
    },
  },
})
