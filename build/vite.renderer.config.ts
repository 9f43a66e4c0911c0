// The window's bundle: dist/renderer, with a placeholder that each response replaces by its own style nonce.
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('../renderer', import.meta.url)),
  // Relative, since the same files are served from app://walkback/ and from http://127.0.0.1:<port>/.
  base: './',
  plugins: [react()],
  resolve: { alias: [{ find: /^zod$/, replacement: fileURLToPath(new URL('../renderer/zod.ts', import.meta.url)) }] },
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    outDir: fileURLToPath(new URL(`../${process.env.WALKBACK_DIST ?? 'dist'}/renderer`, import.meta.url)),
    emptyOutDir: true,
    target: 'chrome140',
    // A data: URL would need `font-src data:`; the policy allows only our own origin.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
  },
})
