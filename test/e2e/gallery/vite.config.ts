// Builds the window with sample answers in place of the core, into a folder outside the project: for looking, not shipped.
import { fileURLToPath } from 'node:url'
import { defineConfig, mergeConfig } from 'vite'
import renderer from '../../../build/vite.renderer.config'

const real = fileURLToPath(new URL('../../../renderer/rpc/api.ts', import.meta.url))
const fake = fileURLToPath(new URL('./fakeApi.ts', import.meta.url))

export default mergeConfig(
  renderer,
  defineConfig({
    plugins: [
      {
        name: 'sample-answers',
        enforce: 'pre',
        async resolveId(source, importer, options) {
          if (!source.endsWith('rpc/api')) return null
          const found = await this.resolve(source, importer, { ...options, skipSelf: true })
          return found?.id === real ? fake : found
        },
      },
    ],
    build: { outDir: process.env.GALLERY_OUT ?? '/tmp/walkback-gallery', emptyOutDir: true },
  }),
)
