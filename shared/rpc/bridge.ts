// What the preload puts on `window.walkback`: a text pipe and nothing else, so that no Electron object reaches the page.

export interface WalkbackBridge {
  send(text: string): void
  /** Returns the function that stops listening. */
  onMessage(listener: (text: string) => void): () => void
  /** The core closed the pipe: no call on it will be answered. */
  onClose(listener: (reason?: string) => void): () => void
}

/** IPC channel names: page to core, core to page, and core to page when the pipe is closed. */
export const bridgeChannels = { toCore: 'walkback:to-core', toPage: 'walkback:to-page', closed: 'walkback:closed' } as const
