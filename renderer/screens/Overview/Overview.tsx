// The server's page: is it protected, by what, and what to do next.

import { Button } from '../../components/Button'
import { PageHead } from '../../components/Card'
import { EmptyState, ErrorNote, Loading } from '../../components/Feedback'
import { editConnection, useConnections } from '../../stores/connections'
import { useNow } from '../../stores/useNow'
import { DatabasesCard } from './DatabasesCard'
import { BaseBackupCard, LastDumpCard } from './KindCards'
import { LooksCard } from './LooksCard'
import { MomentsCard } from './MomentsCard'
import { basesOfServer, dumpsOfServer, judge, protectDatabases } from './protection'
import { ReadinessCard } from './ReadinessCard'
import { ServerCard } from './ServerCard'
import { useOverview } from './useOverview'
import { useServerArchive } from './useServerArchive'
import { VerdictCard } from './VerdictCard'
import { WalCard } from './WalCard'
import { Welcome } from './Welcome'
import { withWal } from './walProtection'
import './overview.css'

export default function Overview() {
  const { loaded, error, connections } = useConnections()
  if (error && !loaded) return <Framed>{<ErrorNote error={error} />}</Framed>
  if (!loaded) return <Loading>Looking for your servers…</Loading>
  return connections.length === 0 ? <Welcome /> : <ServerOverview />
}

function Framed({ children }: { children: React.ReactNode }) {
  return (
    <div className="page">
      <PageHead title="Overview" />
      {children}
    </div>
  )
}

function ServerOverview() {
  const { connection, server, catalog, reload } = useOverview()
  const archive = useServerArchive(connection)
  const now = useNow(30_000)
  if (!connection) return <Framed>{<EmptyState icon="server" title="Choose a server at the top" />}</Framed>
  const { page } = server
  const dumps = dumpsOfServer(catalog.entries ?? [], connection, page?.facts.systemIdentifier ?? null)
  const bases = basesOfServer(catalog.entries ?? [], connection, page?.facts.systemIdentifier ?? null)
  const protections = page ? protectDatabases(page.databases, dumps) : []
  const known = page !== null && catalog.entries !== null
  return (
    <div className="page overview">
      {server.error && (
        <div className="col g8">
          <ErrorNote error={server.error} onRetry={reload} />
          <div className="row">
            <Button size="s" icon="edit" onClick={() => editConnection(connection.id)}>
              Edit {connection.label}…
            </Button>
            {page && <span className="t3 sm">Below is what the server said when it last answered.</span>}
          </div>
        </div>
      )}
      {catalog.error && <ErrorNote error={catalog.error} onRetry={reload} />}
      {known ? (
        <VerdictCard
          verdict={withWal(judge(protections, now, connection.readOnly, bases), archive, catalog.entries ?? [], now)}
        />
      ) : (
        <PageHead title={connection.label}>{!server.error && <Loading>Asking the server…</Loading>}</PageHead>
      )}
      <LooksCard now={now} />
      <div className="kinds">
        <LastDumpCard last={dumps[0] ?? null} all={dumps} read={catalog.entries !== null} now={now} />
        <BaseBackupCard last={bases[0] ?? null} all={bases} read={catalog.entries !== null} now={now} />
        <WalCard server={archive} archiving={page?.archiving ?? null} now={now} />
      </div>
      <MomentsCard dumps={dumps} bases={bases} now={now} archiveId={archive.archive?.id} />
      {page && (
        <div className="low">
          <ReadinessCard rows={page.readiness} role={page.facts.role} />
          <div className="col g12">
            <DatabasesCard connection={connection} page={page} protections={protections} now={now} onChanged={reload} />
            <ServerCard connection={connection} page={page} readAt={server.at} loading={server.loading} onReload={reload} />
          </div>
        </div>
      )}
    </div>
  )
}
