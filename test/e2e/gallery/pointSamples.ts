// What the core would say of recoveries to a moment, for the gallery.
import type { NeighboursRequest, PointRequest } from '../../../shared/contracts/recoveryPoint'
import { story, storyNeighbours, storyPlan } from '../../support/momentStory'

export const pointSamples = {
  sources: async () => ({
    clusters: [
      {
        ...{ systemIdentifier: story.systemIdentifier, server: story.server, major: 18, backups: story.backups.length },
        archives: story.archives,
      },
      { systemIdentifier: '7614118026514903999', server: 'analytics', major: 17, backups: 3, archives: [] },
    ],
  }),
  moments: async () => story,
  neighbours: async (input: NeighboursRequest) => storyNeighbours(input),
  plan: async ({ wish }: PointRequest) => storyPlan(wish),
  prepare: async () => ({
    hostname: 'db1',
    account: 'postgres, who runs Walkback',
    defaults: { folder: '/var/lib/walkback/recovered/orders-prod-20261122-0914', port: 5433, login: null },
    targets: [],
    logins: [],
  }),
}
