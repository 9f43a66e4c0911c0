// What `zod` means in the page (see the alias in build/vite.renderer.config.ts): the page's policy allows no generated
// code, and zod would try it once, with an error. An import edge, since chunks keep no order between mere side effects.
import { config } from 'zod/v4'

config({ jitless: true })

export * from 'zod/v4'
