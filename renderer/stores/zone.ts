// The time zone whose clock the whole window shows, kept over restarts: '' is that of the machine the window is on.
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { isZone, type ZoneName } from '../format/zone'
import { careful } from './storage'

const stored = z.object({ zone: z.string().max(100) })

/** A zone this browser does not know, of a newer one perhaps, counts as none chosen. */
export function readZone(value: unknown): ZoneName {
  const zone = stored.safeParse(value).data?.zone ?? ''
  return isZone(zone) ? zone : ''
}

const useStored = create<{ zone: ZoneName }>()(
  persist(() => ({ zone: '' }), {
    name: 'walkback-zone',
    version: 1,
    storage: createJSONStorage(() => careful(window.localStorage)),
    merge: (value) => ({ zone: readZone(value) }),
  }),
)

export const useZone = (): ZoneName => useStored(({ zone }) => zone)

/** For text that is made while a page is drawn: the window is drawn anew when another zone is chosen. */
export const zoneNow = (): ZoneName => useStored.getState().zone

export const chooseZone = (zone: ZoneName): void => {
  useStored.setState({ zone })
}
