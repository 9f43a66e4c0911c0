// How far a draft may be gone through: shared by the three wizards that copy.

/** The first step before `wanted` that can't be left yet, else `wanted`. */
export function reachableStep<S extends string>(steps: readonly S[], wanted: S, problemOf: (step: S) => string): S {
  for (const step of steps.slice(0, steps.indexOf(wanted))) if (problemOf(step) !== '') return step
  return wanted
}

/** The step that a fix leads to: the core speaks of source, destination, columns and options, whatever a wizard calls them. */
export function stepOfFix<S extends string>(
  named: string,
  steps: Readonly<Record<'source' | 'destination' | 'columns' | 'options', S>>,
): S {
  if (named === 'source' || named === 'columns' || named === 'options') return steps[named]
  return steps.destination
}
