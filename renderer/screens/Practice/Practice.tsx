// Practice: clusters of one's own to learn and try on, and the labs.
import { useEffect } from 'react'
import { PageHead } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { ErrorNote, Loading, Note } from '../../components/Feedback'
import { api } from '../../rpc/api'
import { loadConnections } from '../../stores/connections'
import { useJobs } from '../../stores/jobs'
import { useAsk } from '../../wizard/useAsk'
import { ClusterCard } from './ClusterCard'
import { Labs } from './Labs'
import './practice.css'

export default function Practice() {
  // Looked at again whenever a job ends: each may have changed a cluster.
  const ended = useJobs((state) => state.jobs.filter((job) => job.endedAt !== null).length)
  const list = useAsk({ ended }, (_input, options) => api.practice.list({}, options), { keep: true })
  // The clusters' connections come and go with them.
  useEffect(() => {
    if (list.data !== undefined) void loadConnections()
  }, [list.data])
  const { data } = list
  return (
    <div className="page">
      <PageHead title="Practice">
        <Chip tone="pass" icon="lock">
          In Walkback’s own folder, never a system cluster
        </Chip>
      </PageHead>
      {list.error && <ErrorNote error={list.error} onRetry={list.again} />}
      {!data && !list.error && <Loading>Looking for practice clusters…</Loading>}
      {data?.problem && (
        <Note tone="warning">
          <div className="m">{data.problem.message}</div>
          <div className="t2">{data.problem.hint}</div>
        </Note>
      )}
      {data && (
        <>
          <div className="clusters">
            {data.clusters.map((cluster) => (
              <ClusterCard
                key={cluster.name}
                cluster={cluster}
                installations={data.installations}
                possible={data.problem === null}
                onChanged={list.again}
              />
            ))}
          </div>
          {data.account !== '' && <div className="t3 sm wrap">Their servers run as {data.account}.</div>}
          <Labs
            main={data.clusters.find(({ name }) => name === 'main')}
            replica={data.clusters.find(({ name }) => name === 'replica')}
            installations={data.installations}
            possible={data.problem === null}
            onChanged={list.again}
          />
        </>
      )}
    </div>
  )
}
