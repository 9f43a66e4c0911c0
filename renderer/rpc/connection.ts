// The connection's state as something to watch, apart from the calls that go over it.

export type ConnectionState =
  /** First connection of this window. */
  | 'connecting'
  | 'ready'
  /** It was there and is gone; another try is under way by itself. */
  | 'lost'
  /** Serve only: this tab has no session, or Walkback was restarted. A new link is needed. */
  | 'no-session'
  /** Serve only: the link was already used or is older than two minutes. A new link is needed. */
  | 'refused'

/** What to tell the person in each state that needs telling. */
export const connectionWords: Readonly<Record<Exclude<ConnectionState, 'ready'>, { message: string; hint: string }>> = {
  connecting: { message: 'Connecting to Walkback ...', hint: '' },
  lost: {
    message: 'The connection to Walkback was lost.',
    hint: 'Trying again by itself. Jobs do not need this window: they go on as long as Walkback runs.',
  },
  'no-session': {
    message: 'This tab is not signed in to Walkback.',
    hint: 'Press Enter in the terminal that runs Walkback and open the new link it prints. A link works once, for two minutes.',
  },
  refused: {
    message: 'This link was already used, or is older than two minutes.',
    hint: 'Press Enter in the terminal that runs Walkback and open the new link it prints.',
  },
}

let state: ConnectionState = 'connecting'
const listeners = new Set<() => void>()

/** With subscribeConnection fits useSyncExternalStore. */
export function connectionState(): ConnectionState {
  return state
}

export function subscribeConnection(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function setConnectionState(next: ConnectionState): void {
  if (next === state) return
  state = next
  for (const listener of listeners) listener()
}
