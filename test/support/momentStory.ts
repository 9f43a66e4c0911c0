// The moments of one story, shaped as the core sends them: orders-prod on 22 Nov 2026 at +01:00, with a gap, a stray timeline
// and a wrong DELETE at 09:14:32. For the drawing's tests and the gallery.
import type { MomentBackup, Moments, Neighbours, PointPlan } from '../../shared/contracts/recoveryPoint'
import type { RecoveryWish } from '../../shared/model/recoveryWish'
import { packMinutes } from '../../shared/model/walMinutes'

/** Microseconds of a clock at +01:00, `day` of November 2026: `at(22, '09:14:32.5')`. */
export function at(day: number, clock: string): number {
  const [hour = '0', minute = '0', second = '0'] = clock.split(':')
  return Date.UTC(2026, 10, day, Number(hour) - 1, Number(minute)) * 1000 + Math.round(Number(second) * 1_000_000)
}

const GB = 1024 ** 3

function backup(day: number, clock: string, kind: MomentBackup['kind'], parent: string | null, size: number): MomentBackup {
  const path = `/var/lib/walkback/library/orders-prod/202611${day}T${clock.replace(':', '')}-${kind}`
  return {
    ...{ path, label: `22 Nov ${clock}`, kind, parentPath: parent, timeline: 1, start: '1B/2000028', stop: '1B/3000100' },
    stopTime: at(day, `${clock}:11`),
    size: String(Math.round(size)),
    verified: '2026-11-22T03:00:00.000Z',
    problem: '',
  }
}

const fulls = [15, 16, 17, 18, 19, 20, 21].map((day) => backup(day, '02:03', 'full', null, 6.1 * GB))
const full = backup(22, '02:03', 'full', null, 6.14 * GB)
const first = backup(22, '06:00', 'incremental', full.path, 0.3 * GB)
const second = backup(22, '10:00', 'incremental', first.path, 0.4 * GB)
export const storyBackups = { full, first, second }

/** Commits a minute as a shop has them: quiet at night, and an import before nine. */
function rate(minute: number): number {
  const local = (minute + 60) % 1440
  const day = Math.max(0, Math.sin(((local - 300) / 1440) * 2 * Math.PI))
  const noise = ((minute * 2_654_435_761) % 97) / 97
  const surge = local > 500 && local < 530 ? 3 : 1
  return Math.round((2 + 3 * noise + day * 60 * (0.4 + 1.2 * noise)) * surge)
}

const minuteOf = (time: number) => Math.floor(time / 60_000_000)

function minutes(...spans: [number, number][]): number[] {
  const counts = new Map<number, number>()
  for (const [from, to] of spans) {
    for (let minute = minuteOf(from); minute <= minuteOf(to); minute += 1) {
      const count = rate(minute)
      if (count > 0) counts.set(minute, count)
    }
  }
  return packMinutes(counts)
}

const begin = at(15, '01:00')
const gap = [at(22, '00:23:10'), at(22, '00:51:40')] as const
const reachAgain = at(22, '02:03:11')
export const lastCommit = { time: at(22, '13:19:52.104911'), lsn: '1B/3E5A0000', xid: 8_524_118 }
const fork = at(22, '06:20:03')

const span = (from: number, to: number) => ({ fromTime: from, toTime: to, fromLsn: '1B/1000000', toLsn: '1B/3E5A0000' })

export const story: Moments = {
  systemIdentifier: '7614118026514903417',
  archiveId: 'a1',
  archives: [{ id: 'a1', label: 'orders-prod', folder: '/srv/wal/orders-prod', kind: 'stream' }],
  server: 'orders-prod',
  major: 18,
  segmentSize: 16 * 1024 * 1024,
  backups: [...fulls, full, first, second],
  lanes: [
    {
      ...{ timeline: 1, parent: null, forkAt: null, forkTime: null, reason: '', stray: false },
      ranges: [
        { ...span(begin, gap[0]), segments: 2100 },
        { ...span(gap[1], lastCommit.time), segments: 814 },
      ],
      gaps: [
        {
          ...span(gap[0], gap[1]),
          segments: 4,
          names: ['000000010000001A000000F0', '000000010000001A000000F3'],
        },
      ],
      reach: [
        ...fulls.map(({ path, stopTime }) => ({ ...span(stopTime, gap[0]), backup: path })),
        ...[full, first, second].map(({ path, stopTime }) => ({ ...span(stopTime, lastCommit.time - 1), backup: path })),
      ],
      ...{ lastCommit, lastEnd: lastCommit, endLsn: '1B/3E5A0000' },
      minutes: minutes([begin, gap[0]], [gap[1], lastCommit.time]),
    },
    {
      ...{ timeline: 2, parent: 1, forkAt: '1B/15C3A0F8', forkTime: fork, stray: true },
      reason: 'no recovery target specified',
      ranges: [{ ...span(at(22, '06:31:00'), at(22, '08:04:00')), segments: 9 }],
      gaps: [],
      reach: [
        { ...span(full.stopTime, at(22, '08:04:00')), backup: full.path },
        { ...span(first.stopTime, at(22, '08:04:00')), backup: first.path },
      ],
      lastCommit: { time: at(22, '08:04:00'), lsn: '1B/1700A000', xid: 8_400_100 },
      lastEnd: { time: at(22, '08:04:00'), lsn: '1B/1700A000', xid: 8_400_100 },
      endLsn: '1B/1700B000',
      minutes: minutes([at(22, '06:31:00'), at(22, '08:04:00')]),
    },
  ],
  restorePoints: [
    { name: 'nightly_done', lsn: '1B/1F00A0', time: at(22, '01:30:02'), timeline: 1, sameName: 1 },
    { name: 'before_price_import', lsn: '1B/1900A0', time: at(22, '06:59:58'), timeline: 1, sameName: 1 },
    { name: 'v2026.47_deployed', lsn: '1B/2F00A0', time: at(22, '10:45:00'), timeline: 1, sameName: 1 },
  ],
  mainTimeline: 1,
  toRead: '0',
  problems: [],
}

export const storyMoment = at(22, '09:14:32.5')

/** The commits of the story around the accident; elsewhere one each second. */
export function storyNeighbours({ time }: { time: number }): Neighbours {
  const near = Math.abs(time - storyMoment) < 2_000_000
  const known = [
    { time: at(22, '09:14:31.960233'), xid: 8_412_906, lsn: '1B/26A2C4E0' },
    { time: at(22, '09:14:32.871604'), xid: 8_412_907, lsn: '1B/26A2C590' },
  ]
  const step = 1_300_000
  const index = Math.floor(time / step)
  const made = (n: number) => ({ time: n * step + ((n * 7919) % 400_000), xid: 8_000_000 + (n % 500_000), lsn: '1B/26A00000' })
  const all = near ? known : [made(index - 2), made(index - 1), made(index), made(index + 1), made(index + 2)]
  const inside = all.filter((commit) => commit.time <= lastCommit.time)
  return {
    before: inside.filter((commit) => commit.time <= time).at(-1) ?? null,
    after: inside.find((commit) => commit.time > time) ?? null,
  }
}

export function storyPlan(wish: RecoveryWish): PointPlan {
  const time = wish.kind === 'time' ? wish.value : storyMoment
  const lane = story.lanes.find(({ timeline }) => timeline === wish.timeline)
  const ok = lane?.reach.some(({ fromTime, toTime }) => time >= (fromTime ?? 0) && time <= (toTime ?? 0)) === true
  const nearest = { ...wish, kind: 'time' as const, value: reachAgain }
  const blockers: PointPlan['blockers'] = ok
    ? []
    : [
        {
          reason: 'gap',
          says: '4 segments are missing before it (000000010000001A000000F0 to …F3), and no backup ends after them.',
          nearest,
          nearestSays: '22 Nov 02:03:11',
        },
      ]
  return {
    ...{ backup: ok ? full : null, chain: [], timeline: wish.timeline, segments: 37 },
    firstSegment: '000000010000001B00000002',
    lastSegment: '000000010000001B00000026',
    bytes: String(592 * 1024 * 1024),
    ...{ stopLsn: '1B/26A2C4E0', stopTime: time, estimate: { copySeconds: 27, replaySeconds: 13 } },
    setting: { name: 'recovery_target_time', value: '2026-11-22 09:14:32.500000+01:00' },
    settings: [
      { name: 'recovery_target_time', value: '2026-11-22 09:14:32.500000+01:00' },
      { name: 'recovery_target_timeline', value: String(wish.timeline) },
      { name: 'recovery_target_action', value: wish.action },
      { name: 'hot_standby', value: 'on' },
      { name: 'archive_mode', value: 'off' },
    ],
    stopsAt: ok ? 'Stops before the commit of transaction 8412907.' : '',
    warnings: [],
    blockers,
    alternatives: ok
      ? [
          {
            ...{ backup: first.path, label: 'incremental of 06:00', segments: 19, bytes: String(304 * 1024 * 1024) },
            says: 'With the incremental of 06:00: 19 segments, but combining takes about 1 min 5 s.',
          },
        ]
      : [],
  }
}
