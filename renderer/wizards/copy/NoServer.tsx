// A wizard that copies, before any server is there.
import { Card, PageHead } from '../../components/Card'
import { NeedServer } from '../../wizard/NeedServer'

export function NoServer({ title, what }: { title: string; what: string }) {
  return (
    <div className="page">
      <PageHead title={title} />
      <Card>
        <NeedServer what={what} />
      </Card>
    </div>
  )
}
