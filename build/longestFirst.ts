// The order of test files: those that take longest begin first, so that none of them runs alone at the end.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** By what was measured, the longest first; what is not named comes after these, as vitest orders it. */
const long = [
  'practice',
  'restoreRefusals',
  'everyMajor',
  'restore',
  'dumpFailures',
  'clusterDump',
  'copyEdges',
  'course',
  'wizards',
]

function place({ moduleId }: TestSpecification): number {
  const found = long.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
  return found === -1 ? long.length : found
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}
