// Keeps the frame standing when a page breaks or its code can't be loaded, and says so with a way on.
import { Component, type ReactNode } from 'react'
import { Button } from '../components/Button'
import { PageHead } from '../components/Card'
import { Note } from '../components/Feedback'

interface PageBoundaryProps {
  /** A new value is a new page: the error is forgotten. */
  page: string
  children: ReactNode
}

interface PageBoundaryState {
  error: Error | null
  page: string
}

/** React catches rendering errors by classes only. */
export class PageBoundary extends Component<PageBoundaryProps, PageBoundaryState> {
  override state: PageBoundaryState = { error: null, page: this.props.page }

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }

  static getDerivedStateFromProps(props: PageBoundaryProps, state: { page: string }): { error: null; page: string } | null {
    return props.page === state.page ? null : { error: null, page: props.page }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <div className="page">
        <PageHead title="This page can not be shown" />
        <Note tone="blocker">
          <div className="m">{error.message}</div>
          <div className="t2">
            Load Walkback again; running jobs are not affected. If it comes back, the other pages still work.
          </div>
        </Note>
        <div className="row">
          <Button kind="primary" onClick={() => location.reload()}>
            Load again
          </Button>
        </div>
      </div>
    )
  }
}
