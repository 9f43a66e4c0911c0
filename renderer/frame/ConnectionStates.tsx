// What the window says when the core does not answer: a banner while it tries again, a page when a new link is needed.
import { type ConnectionState, connectionWords } from '../rpc/api'

export function ConnectionBanner({ state }: { state: ConnectionState }) {
  if (state !== 'lost') return null
  const words = connectionWords.lost
  return (
    <div className="lost" role="alert">
      <span className="spinner" aria-hidden="true" />
      <span className="b">{words.message}</span>
      <span>{words.hint}</span>
    </div>
  )
}

export function NoSession({ reason }: { reason: 'no-session' | 'refused' }) {
  const words = connectionWords[reason]
  return (
    <main className="no-session">
      <div className="card no-session-card">
        <svg width="40" height="40" viewBox="0 0 24 24" fill="none" aria-hidden="true">
          <rect width="24" height="24" rx="6" fill="#1C7D8F" />
          <path d="M11.2 7 6 12l5.2 5V7zM18 7l-5.2 5 5.2 5V7z" fill="#fff" />
        </svg>
        <h1>{words.message}</h1>
        <p className="t2">{words.hint}</p>
        <p className="t3 sm">
          Walkback answers only on the machine it runs on, or through a tunnel to it, and only to the one who has its link. Jobs
          do not need a tab: they go on as long as Walkback runs.
        </p>
      </div>
    </main>
  )
}
