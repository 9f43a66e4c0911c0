// Where the window is: the fragment of the address, `#/jobs/j1?line=4`, so that back, forward and reload work.
import { useSyncExternalStore } from 'react'

export interface Place {
  /** `/jobs/j1` */
  path: string
  query: URLSearchParams
}

export const startPath = '/overview'

/** Anything that is not `#/...` (an empty fragment, a link's token) is the start page. */
export function readPlace(fragment: string): Place {
  const text = fragment.startsWith('#/') ? fragment.slice(1) : startPath
  const question = text.indexOf('?')
  return question === -1
    ? { path: text, query: new URLSearchParams() }
    : { path: text.slice(0, question), query: new URLSearchParams(text.slice(question + 1)) }
}

/** `placeLink('/restore/dump', { path })` is `#/restore/dump?path=...`; empty and undefined values are left out. */
export function placeLink(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== '') search.set(key, value)
  const text = search.toString()
  return `#${path}${text === '' ? '' : `?${text}`}`
}

export function navigate(link: string): void {
  location.hash = link
}

/** Changes the address without a new entry in the history: a filter, a line. */
export function replacePlace(link: string): void {
  history.replaceState(history.state, '', link)
  dispatchEvent(new HashChangeEvent('hashchange'))
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  addEventListener('popstate', listener)
  return () => {
    removeEventListener('hashchange', listener)
    removeEventListener('popstate', listener)
  }
}

export function useFragment(): string {
  return useSyncExternalStore(subscribe, () => location.hash)
}
