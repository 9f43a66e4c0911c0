// A pipe for text messages between the window and the core; the IPC and WebSocket adapters are all that differs.

/**
 * Text only, so that both transports carry exactly what JSON carries: structured clone would let `undefined` and BigInt
 * through over IPC and hide a bug that only shows over WebSocket.
 */
export interface Port {
  /** Resolves when the transport can take more; rejects never: a closed port drops the text and reports by onClose. */
  send(text: string): void | Promise<void>
  onMessage(listener: (text: string) => void): void
  /** Called once, with the reason in words where there is one. */
  onClose(listener: (reason?: string) => void): void
  close(reason?: string): void
}
