// What a key means to a wizard: Enter goes on and Escape goes back, unless something nearer to the person wants the key.

/** Has its own use for Enter. */
const takesEnter =
  'button, a[href], textarea, select, summary, [role="button"], [role="option"], [role="menuitem"], [contenteditable="true"]'

/** Dialogs, menus and open lists: both keys are theirs. */
const layers = '[role="dialog"], [role="menu"], [role="listbox"][data-open], .MuiPopover-root, .MuiMenu-root'

export function wizardKey(event: KeyboardEvent): 'on' | 'back' | undefined {
  // Held down, Enter would run through all the steps. A composed character ends with an Enter that is no Enter.
  if (event.defaultPrevented || event.repeat || event.isComposing) return undefined
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return undefined
  if (event.key !== 'Enter' && event.key !== 'Escape') return undefined
  if (document.querySelector(layers) !== null) return undefined
  const target = event.target instanceof Element ? event.target : null
  if (event.key === 'Escape') return 'back'
  return target?.closest(takesEnter) ? undefined : 'on'
}
