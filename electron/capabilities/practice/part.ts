// A practice cluster's server for those who put other files in its place: started as the Practice page starts it.
import { practiceNames } from '../../../shared/contracts/practice'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import type { Services } from '../../services'
import { forgetSize } from './listPractice'
import { practiceFolder } from './practiceFolder'
import { connectionIdOf, type PracticeStarted, startPractice } from './practiceServer'

export function practicePart(services: Services) {
  /** "practice replica", as the clusters of this machine are listed. */
  const nameOf = (cluster: string) => {
    const name = practiceNames.find((each) => cluster === `practice ${each}`)
    if (name !== undefined) return name
    throw new AppError('not_found', `There is no practice cluster ${cluster}.`, { hint: 'Look at the Practice page.' })
  }
  return {
    /** On its own port or another free one; its connection leads there, and was used once. `onLine` hears what the server says. */
    start(job: JobContext, cluster: string, onLine: (line: string) => void): Promise<PracticeStarted> {
      const folder = practiceFolder(services.paths, nameOf(cluster))
      forgetSize(folder.folder)
      return startPractice(services, job, folder, { onLine, patient: true })
    },
    connectionId: (cluster: string): string => connectionIdOf(nameOf(cluster)),
  }
}
