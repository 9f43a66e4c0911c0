// The window's own storage, where drafts and the chosen zone are kept.
import type { StateStorage } from 'zustand/middleware'

/** Text that is not JSON counts as nothing stored: a broken entry must not keep the window from opening. */
export function careful(storage: StateStorage): StateStorage {
  return {
    ...storage,
    getItem: (name) => {
      const text = storage.getItem(name)
      if (typeof text !== 'string') return text
      try {
        JSON.parse(text)
        return text
      } catch {
        return null // it starts over
      }
    },
    setItem: (name, value) => storage.setItem(name, value),
    removeItem: (name) => storage.removeItem(name),
  }
}
