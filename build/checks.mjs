// What `npm run check` runs, the longest first. Types are checked by the linter's own run of TypeScript's compiler: it has read
// every type for its rules anyway, and takes each file in the environment of the nearest tsconfig.json that holds it.

/** @type {[name: string, program: string, args: string[]][]} `oxlint` and `biome` are node_modules', `node` is this one. */
export const checks = [
  ['lint and types', 'oxlint', ['--config=build/lint.json', '--type-aware', '--type-check', '--deny-warnings', '.']],
  ['format', 'biome', ['check', '--config-path=build/format.json', '--max-diagnostics=20', '.']],
  ['layers', 'node', ['build/layers.mjs']],
]

/**
 * The linter's compiler lives for one run: collecting its garbage would take a quarter of the time. It begins to at 4 GiB.
 * @type {Record<string, string>}
 */
export const checkEnv = { GOGC: 'off', GOMEMLIMIT: '4GiB' }
