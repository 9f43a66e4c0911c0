// The map of an archive: lanes of timelines with coverage, gaps and forks, and the same as a table.
import type { ArchiveMap, MapGap, MapRange, MapTimeline } from '../../../shared/contracts/walArchive'
import { Card } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { Icon } from '../../components/Icon'
import { formatCount, plural } from '../../format/numbers'
import { walWhen } from './archiveState'
import { type Lane, laneHeight, layOutMap, mapWidth } from './mapLayout'

export function MapCard({ map }: { map: ArchiveMap }) {
  const gaps = map.timelines.reduce((sum, timeline) => sum + timeline.gaps.length, 0)
  return (
    <Card
      title="Map"
      note={`${plural(map.segments, 'segment')}, ${plural(map.timelines.length, 'timeline')}, ${gaps === 0 ? 'no gap' : plural(gaps, 'gap')}`}
      actions={<Legend />}
    >
      <Drawing map={map} />
      <div className="wal-ranges" role="region" aria-label="Ranges and gaps" tabIndex={0}>
        <RangesTable map={map} />
      </div>
    </Card>
  )
}

function Legend() {
  return (
    <div className="row wal-legend sm t2" aria-hidden="true">
      <span className="row g4">
        <i className="key band" /> WAL and commits
      </span>
      <span className="row g4">
        <i className="key gap" /> Missing
      </span>
      <span className="row g4">
        <i className="key partial" /> Unfinished
      </span>
      <span className="row g4">
        <i className="key backup" /> Base backup taken
      </span>
    </div>
  )
}

function Drawing({ map }: { map: ArchiveMap }) {
  const { lanes, height } = layOutMap(map)
  return (
    <div className="wal-map" aria-hidden="true">
      <div className="wal-lanes" style={{ height }}>
        {lanes.map(({ timeline, top }) => (
          <div key={timeline.timeline} className="wal-lane-name" style={{ top, height: laneHeight }}>
            <span className="m">Timeline {timeline.timeline}</span>
            <span className="sm t3 el" title={timeline.reason}>
              {laneNote(timeline)}
            </span>
          </div>
        ))}
      </div>
      <div className="wal-drawing" style={{ height }}>
        <svg width="100%" height={height} viewBox={`0 0 ${mapWidth} ${height}`} preserveAspectRatio="none">
          {lanes.map((lane) => (
            <LaneShapes key={lane.timeline.timeline} lane={lane} />
          ))}
        </svg>
        {lanes.flatMap((lane) =>
          lane.gaps.map((gap) => (
            <span
              key={`${lane.timeline.timeline} ${gap.x}`}
              className="wal-gap"
              style={{ left: `${gap.x / 10}%`, width: `${gap.width / 10}%`, top: lane.band.top, height: lane.band.height }}
              title={gap.label}
            />
          )),
        )}
        {lanes.flatMap((lane) =>
          lane.backups.map((backup) => (
            <span
              key={`${lane.timeline.timeline} ${backup.x} ${backup.label}`}
              className="wal-backup"
              style={{ left: `${backup.x / 10}%`, top: lane.band.top - 9 }}
              title={`Base backup ${backup.label}`}
            />
          )),
        )}
        {lanes.flatMap((lane) =>
          lane.gaps.slice(0, 4).map((gap) => (
            <span
              key={`${lane.timeline.timeline} ${gap.x} label`}
              className={`wal-gap-label sm${gap.x > mapWidth * 0.75 ? ' left' : ''}`}
              style={{
                left: `${(gap.x > mapWidth * 0.75 ? gap.x + gap.width : gap.x) / 10}%`,
                top: lane.band.top + lane.band.height,
              }}
            >
              {gap.label}
            </span>
          )),
        )}
      </div>
    </div>
  )
}

function laneNote({ parent, forkAt, known, ranges }: MapTimeline): string {
  if (parent !== null) return `from ${parent} at ${forkAt ?? ''}`
  if (!known) return 'history file missing'
  return ranges.length === 0 ? 'no segment here' : 'the first one'
}

function LaneShapes({ lane }: { lane: Lane }) {
  const { top, height } = lane.band
  return (
    <>
      {lane.fork && (
        <path
          d={`M${lane.fork.x} ${lane.fork.fromTop} V${top + height / 2} H${Math.max(lane.fork.x, lane.ranges[0]?.x ?? lane.fork.x)}`}
          className="wal-fork"
          vectorEffect="non-scaling-stroke"
        />
      )}
      {lane.ranges.map((range) => (
        <rect
          key={range.x}
          x={range.x}
          width={range.width}
          y={top}
          height={height}
          className={range.unread ? 'wal-band unread' : 'wal-band'}
        />
      ))}
      {lane.bars.map((bar) => {
        const tall = Math.max(1, bar.height * (height - 4))
        return <rect key={bar.x} x={bar.x} width={bar.width} y={top + height - tall} height={tall} className="wal-bar" />
      })}
      {lane.ranges
        .filter(({ partial }) => partial)
        .map((range) => (
          <path
            key={range.x}
            d={`M${range.x + range.width - 1} ${top - 4}V${top + height + 4}`}
            className="wal-partial"
            vectorEffect="non-scaling-stroke"
          />
        ))}
    </>
  )
}

/** Ranges and gaps in the order of their places. */
function RangesTable({ map }: { map: ArchiveMap }) {
  return (
    <table className="tb dense">
      <thead>
        <tr>
          <th>Timeline</th>
          <th>From</th>
          <th>To</th>
          <th className="num">Segments</th>
          <th className="num">Commits</th>
          <th>First commit</th>
          <th>Last commit</th>
        </tr>
      </thead>
      <tbody>
        {map.timelines.flatMap((timeline) => [
          ...[
            ...timeline.ranges.map((range) => ({
              at: range.firstNumber,
              row: <RangeRow key={`r${range.first}`} {...{ timeline, range }} />,
            })),
            ...timeline.gaps.map((gap) => ({
              at: gap.firstNumber,
              row: <GapRow key={`g${gap.first}`} {...{ timeline, gap }} />,
            })),
          ]
            .toSorted((a, b) => a.at - b.at)
            .slice(0, 200)
            .map(({ row }) => row),
        ])}
      </tbody>
    </table>
  )
}

function RangeRow({ timeline, range }: { timeline: MapTimeline; range: MapRange }) {
  return (
    <tr>
      <td className="tnum">{timeline.timeline}</td>
      <td className="mono">{range.first}</td>
      <td>
        <span className="row">
          <span className="mono">{range.last}</span>
          {range.partial !== null && <Chip>unfinished</Chip>}
        </span>
      </td>
      <td className="num">{formatCount(range.segments)}</td>
      <td className="num">{range.unread === range.segments ? 'not read yet' : formatCount(range.commits)}</td>
      <td className="nw">{range.earliest === null ? '–' : walWhen(range.earliest)}</td>
      <td className="nw">{range.latest === null ? '–' : walWhen(range.latest)}</td>
    </tr>
  )
}

function GapRow({ timeline, gap }: { timeline: MapTimeline; gap: MapGap }) {
  return (
    <tr className="wal-gap-row">
      <td className="tnum">{timeline.timeline}</td>
      <td className="mono">{gap.first}</td>
      <td className="mono">{gap.last}</td>
      <td className="num">{formatCount(gap.segments)}</td>
      <td colSpan={3}>
        <span className="row g4 warn m">
          <Icon name="warn" size={14} /> missing: nothing after it can be reached from a backup before it
        </span>
      </td>
    </tr>
  )
}
