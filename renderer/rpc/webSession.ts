// The page's session with the web host: taken from the printed link once, kept for this tab only.
import { readFrame } from '../../shared/rpc/frames'
import { sessionAnswer, sessionPath, tokenParameter } from '../../shared/rpc/session'

const storageKey = 'walkback.session'

export type SessionOutcome = { session: string } | { failure: 'no-session' | 'refused' | 'unreachable' }

export function hasToken(fragment: string): boolean {
  return new URLSearchParams(fragment.replace(/^#/, '')).has(tokenParameter)
}

/** Takes the token out of the address bar and the tab's history before anything else can read it there. */
function takeToken(): string | null {
  if (!hasToken(location.hash)) return null
  const token = new URLSearchParams(location.hash.slice(1)).get(tokenParameter)
  history.replaceState(null, '', location.pathname + location.search)
  return token
}

async function exchange(token: string): Promise<SessionOutcome> {
  let response: Response
  try {
    response = await fetch(sessionPath, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
      cache: 'no-store',
    })
  } catch {
    return { failure: 'unreachable' } // fetch rejects only when there was no answer
  }
  if (!response.ok) return { failure: 'refused' }
  const answer = readFrame(sessionAnswer, await response.text())
  return answer ? { session: answer.session } : { failure: 'refused' }
}

/** A link's token counts before a session that is already there: whoever opens a new link wants a new session. */
export async function findSession(): Promise<SessionOutcome> {
  const token = takeToken()
  const kept = sessionStorage.getItem(storageKey)
  if (token !== null) {
    const outcome = await exchange(token)
    if ('session' in outcome) sessionStorage.setItem(storageKey, outcome.session)
    // A used-up link opened again in a tab that still has its session: the session is good.
    else if (kept !== null) return { session: kept }
    return outcome
  }
  return kept === null ? { failure: 'no-session' } : { session: kept }
}

export function forgetSession(): void {
  sessionStorage.removeItem(storageKey)
}
