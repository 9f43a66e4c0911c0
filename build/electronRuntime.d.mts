// Types of the search for Electron's runtime, for the test of the real window.
export function findRuntime(options?: { mayFetch?: boolean }): Promise<{ executable?: string; reason?: string }>
