// COPY's option table as the forms show it: one direction at a time.
import type { CopyDirection } from '../../../shared/tools/copyCommand'
import { copyCommand } from '../../../shared/tools/copyCommand'

export { copyCommand }

/** What the other direction alone has, and what the wizard asks for itself. */
export function optionsElsewhere(direction: CopyDirection): string[] {
  const other = copyCommand.options.filter(({ requires = [] }) =>
    requires.some(({ key, values }) => key === 'direction' && values !== true && !values.includes(direction)),
  )
  return other.map(({ key }) => key)
}

/** How a file is taken apart: asked with the file, so that its first rows are right before anything else is chosen. */
export const readingOptions: readonly string[] = ['header', 'delimiter', 'null', 'emptyIsNull', 'quote', 'escape', 'encoding']
