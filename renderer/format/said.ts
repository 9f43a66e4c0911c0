// What the core says, with its times on the clock that the window shows: the core knows no window, so it writes them in UTC.
import { zoneNow } from '../stores/zone'
import { momentText, type ZoneName } from './zone'

/** As the core writes times into sentences: to the minute, the second or a part of it. Folder names have a T and no blank. */
const coreTime = /(\d{4}-\d\d-\d\d) (\d\d:\d\d)(:\d\d)?(\.\d{1,6})? UTC/g

/** `2026-11-22 08:14:32.5 UTC` becomes `22 Nov 2026 09:14:32.5 +01:00`: every digit stays. All else stays as it is. */
export function said(text: string, zone: ZoneName = zoneNow()): string {
  return text.replace(coreTime, (whole, date: string, minute: string, second = '', part = '') => {
    const ms = Date.parse(`${date}T${minute}${second || ':00'}Z`)
    if (Number.isNaN(ms)) return whole
    const shown = momentText(ms * 1000, zone)
    return `${shown.day} ${shown.year} ${second === '' ? shown.minute : shown.clock}${part} ${shown.offset}`
  })
}
