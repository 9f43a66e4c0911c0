// The window: the frame around the page that the address names.

import { useColorScheme } from '@mui/material/styles'
import { type ComponentType, lazy, Suspense, useEffect, useRef, useSyncExternalStore } from 'react'
import { PageHead } from './components/Card'
import { Loading } from './components/Feedback'
import { Frame } from './frame/Frame'
import { PageBoundary } from './frame/PageBoundary'
import { findRoute, type Route, routes, type ScreenProps } from './routes'
import { connectionState, subscribeConnection } from './rpc/api'
import { loadConnections } from './stores/connections'
import { followJobs } from './stores/jobs'
import { useLooksFollowed } from './stores/looks'
import { readPlace, useFragment } from './stores/navigation'
import { loadSettings, useSettings } from './stores/settings'
import { useZone } from './stores/zone'

const screens = new Map<Route, ComponentType<ScreenProps>>(routes.map((route) => [route, lazy(route.load)]))

function Page({ route, params, query }: { route: Route } & ScreenProps) {
  const Screen = screens.get(route)
  return Screen ? <Screen params={params} query={query} /> : null
}

/** Focus moves to the new page's heading, so that screen readers and the keyboard start there; not on the first page. */
function useHeadingFocus(path: string): void {
  const first = useRef(true)
  useEffect(() => {
    if (first.current) {
      first.current = false
      return
    }
    let tries = 0
    const timer = setInterval(() => {
      const heading = document.querySelector<HTMLElement>('[data-page-heading]')
      tries += 1
      if (heading) heading.focus({ preventScroll: true })
      if (heading || tries > 40) clearInterval(timer)
    }, 25)
    return () => clearInterval(timer)
  }, [path])
}

/** While nothing else happens, fetches the wizards that the page leads to: opening one for the first time then takes no longer. */
function useNextScreens(route: Route | undefined): void {
  const place = route?.wizard === true ? undefined : route?.place
  useEffect(() => {
    if (place === undefined) return
    const left = new AbortController()
    void fetchScreens(
      routes.filter((next) => next.place === place && next.wizard === true),
      left.signal,
    )
    return () => left.abort()
  }, [place])
}

async function fetchScreens(next: readonly Route[], signal: AbortSignal): Promise<void> {
  for (const route of next) {
    await new Promise((resolve) => requestIdleCallback(resolve))
    if (signal.aborted) return
    // What can't be fetched now is asked for again when it is opened, and says so there.
    await route.load().catch(() => undefined)
  }
}

/** What every page needs, and what the core tells of its own accord. Practice jobs make and remove connections. */
function useCore(): void {
  const { setMode } = useColorScheme()
  const theme = useSettings((state) => state.settings?.theme)
  useEffect(() => {
    if (theme !== undefined) setMode(theme)
  }, [theme, setMode])
  const connected = useSyncExternalStore(subscribeConnection, connectionState) === 'ready'
  useEffect(() => {
    if (!connected) return
    void loadConnections()
    void loadSettings()
  }, [connected])
  useLooksFollowed(connected)
  useEffect(() => {
    const leaving = new AbortController()
    void followJobs(leaving.signal, (job) => {
      if (['practice', 'recovery', 'recovery-look'].includes(job.capability)) void loadConnections()
    })
    return () => leaving.abort()
  }, [])
}

export function App() {
  useCore()
  // Times stand everywhere: with another zone all of it is drawn anew.
  useZone()
  const { path, query } = readPlace(useFragment())
  const found = findRoute(path)
  useHeadingFocus(path)
  useNextScreens(found?.route)
  useEffect(() => {
    document.title = found ? `${found.route.title} – Walkback` : 'Walkback'
  }, [found?.route.title, found])
  return (
    <Frame place={found?.route.place} wizard={found?.route.wizard === true}>
      {found ? (
        <PageBoundary page={path}>
          <Suspense fallback={<Loading />}>
            <Page key={path} route={found.route} params={found.params} query={query} />
          </Suspense>
        </PageBoundary>
      ) : (
        <div className="page">
          <PageHead title="There is no such page" />
          <p className="t2">
            The address <span className="mono">{path}</span> leads nowhere in this version.{' '}
            <a href="#/overview">Go to the overview</a>
          </p>
        </div>
      )}
    </Frame>
  )
}
