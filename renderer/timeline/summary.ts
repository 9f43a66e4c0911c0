// The drawing in a few sentences, for those who do not see it.
import { plural } from '../format/numbers'
import { fullMoment, type ZoneName } from '../format/zone'
import { allCommits } from './density'
import type { TimelineModel } from './model'

export function summaryOf({ moments, lanes }: TimelineModel, zone: ZoneName): string {
  const backups = moments.backups.filter(({ problem }) => problem === '')
  const sentences = [
    `${plural(backups.length, 'base backup')} to begin with, ${plural(moments.restorePoints.length, 'restore point')}.`,
    ...lanes.map(({ lane, density, reach, role }) => {
      const spans = reach.slice(0, 3).map(({ from, to }) => `${fullMoment(from, zone)} to ${fullMoment(to, zone)}`)
      const more = reach.length > 3 ? `, and ${reach.length - 3} more spans` : ''
      const where = spans.length === 0 ? 'not reachable by time' : `reachable from ${spans.join(', and from ')}${more}`
      const missing = lane.gaps.reduce((sum, { segments }) => sum + segments, 0)
      const gaps = missing === 0 ? '' : `, ${plural(missing, 'segment')} missing`
      const salvaged = (lane.salvaged ?? []).reduce((sum, { segments }) => sum + segments, 0)
      const dead = salvaged === 0 ? '' : `, ${plural(salvaged, 'segment')} salvaged from the dead cluster`
      return `Timeline ${lane.timeline}${role === 'stray' ? ', stray' : ''}: ${plural(allCommits(density), 'commit')}, ${where}${gaps}${dead}.`
    }),
  ]
  return sentences.join(' ')
}
