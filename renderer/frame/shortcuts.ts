// The keyboard shortcuts of the whole window, and their descriptions.
import { railPlaces } from '../routes'

export type Shortcut = { kind: 'palette' } | { kind: 'shortcuts' } | { kind: 'go'; path: string }

type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'target'>

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

/** Ctrl-K (Cmd-K) works everywhere; Alt with a digit goes to that place of the rail; ? only where it would type nothing. */
export function shortcutOf(event: KeyPress): Shortcut | undefined {
  const command = event.ctrlKey || event.metaKey
  if (command && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') return { kind: 'palette' }
  if (event.altKey && !command && /^[1-9]$/.test(event.key)) {
    const place = railPlaces[Number(event.key) - 1]
    return place ? { kind: 'go', path: place.path } : undefined
  }
  if (event.key === '?' && !command && !event.altKey && !isTyping(event.target)) return { kind: 'shortcuts' }
  return undefined
}

export const shortcutHelp: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ['Ctrl', 'K'], does: 'Find a screen, server, job, backup or action' },
  ...railPlaces.map((place, index) => ({ keys: ['Alt', String(index + 1)], does: `Go to ${place.title}` })),
  { keys: ['Enter'], does: 'In a wizard: go on' },
  { keys: ['Esc'], does: 'Close a dialog or menu; in a wizard: go back' },
  { keys: ['F3'], does: "In a job's log: next match (with Shift: the one before)" },
  { keys: ['?'], does: 'Show these shortcuts' },
]
