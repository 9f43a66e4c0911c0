// What stands above a lane: base backups and their chains, restore points, and the edge of the last commit.
import { formatBytes } from '../../shared/model/byteCount'
import { fullMoment, type ZoneName } from '../format/zone'
import type { Frame } from './layoutLane'
import { type BackupMark, drawBackups, drawFlags, type FlagMark } from './layoutMarks'
import type { Row } from './layoutRows'
import { drawEdge } from './layoutWords'
import type { TimelineModel } from './model'
import { Text } from './Text'

interface MarksProps {
  row: Row
  model: TimelineModel
  frame: Frame
  zone: ZoneName
  bottom: number
}

export function Marks({ row, model, frame, zone, bottom }: MarksProps) {
  const { lane } = row.model
  if (row.marks === null) return null
  const own = <T extends { timeline: number }>(all: readonly T[]) => all.filter(({ timeline }) => timeline === lane.timeline)
  const { marks, chains } = drawBackups(own(model.moments.backups), frame, zone)
  const flags = drawFlags(own(model.moments.restorePoints), frame, row.model.reach)
  const last = row.model.role === 'stray' ? null : drawEdge(row, frame, zone)
  const y = row.marks + 24
  const band = row.band.top + row.band.height
  return (
    <>
      {flags.map((flag) => (
        <Flag key={`${flag.point.name}${flag.point.lsn}`} flag={flag} top={row.marks ?? 0} to={row.band.top} zone={zone} />
      ))}
      {chains.map(({ from, to }) => (
        <path
          key={`${from} ${to}`}
          d={`M${from} ${y}H${to}`}
          stroke="var(--accent)"
          strokeWidth={1.2}
          strokeDasharray="3 3"
          fill="none"
        />
      ))}
      {marks.map((mark) => (
        <Backup key={mark.backup.path} mark={mark} y={y} to={band} zone={zone} />
      ))}
      {last && (
        <>
          <path d={`M${last.x} ${row.marks}V${row.tall ? bottom : band}`} stroke="var(--text)" strokeWidth={1.5} />
          <path d={`M${last.x - 5} ${row.marks - 2}h10l-5 6z`} fill="var(--text)" />
          {last.words.map((line) => (
            <Text key={line.y} words={line} />
          ))}
        </>
      )}
    </>
  )
}

function Flag({
  flag: { x, point, reachable, label },
  top,
  to,
  zone,
}: {
  flag: FlagMark
  top: number
  to: number
  zone: ZoneName
}) {
  const colour = reachable ? 'var(--text-2)' : 'var(--text-3)'
  return (
    <g>
      <title>
        Restore point {point.name}, {fullMoment(point.time, zone)}, {point.lsn}
        {reachable ? '' : ', not reachable'}
      </title>
      <path d={`M${x} ${top}V${to}`} stroke={colour} strokeWidth={1.5} />
      <path d={`M${x} ${top}h11l-3 4 3 4h-11z`} fill={reachable ? colour : 'none'} stroke={colour} strokeLinejoin="round" />
      {label !== '' && (
        <text x={x + 15} y={top + 9} className={reachable ? 'tl-flag' : 'tl-flag dead'}>
          {label}
        </text>
      )}
    </g>
  )
}

function Backup({ mark: { x, look, label, backup }, y, to, zone }: { mark: BackupMark; y: number; to: number; zone: ZoneName }) {
  const words = `${backup.kind === 'full' ? 'Full' : 'Incremental'} base backup ${backup.label}, ended ${fullMoment(backup.stopTime, zone)}, ${formatBytes(backup.size)}, ${backup.verified === null ? 'not verified' : 'verified'}${backup.problem === '' ? '' : `. ${backup.problem}`}`
  const bad = backup.problem !== ''
  const colour = bad ? 'var(--text-3)' : 'var(--accent)'
  if (look === 'slim') {
    return (
      <g>
        <title>{words}</title>
        <path d={`M${x} ${y - 6}v12`} stroke={colour} strokeWidth={backup.kind === 'full' ? 2 : 1} />
      </g>
    )
  }
  const wide = label.length * 5.9 + 8
  const from = look === 'full' ? 13 : 9
  return (
    <g>
      <title>{words}</title>
      {label !== '' && <rect x={x + from - 2} y={y - 8} width={wide} height={16} fill="var(--surface)" />}
      {look === 'full' ? (
        <>
          <path d={`M${x} ${y + 9}V${to}`} stroke={colour} strokeWidth={2} />
          <rect x={x - 9} y={y - 9} width={18} height={18} rx={4} fill={bad ? 'var(--surface)' : colour} stroke={colour} />
          <path
            d={`M${x - 4} ${y - 3}h8M${x - 4} ${y}h8M${x - 4} ${y + 3}h8`}
            stroke={bad ? colour : 'var(--on-accent)'}
            strokeWidth={1.6}
            strokeLinecap="round"
          />
        </>
      ) : (
        <>
          <path d={`M${x} ${y + 5}V${to}`} stroke={colour} strokeWidth={1.2} strokeDasharray="2 2" />
          <circle cx={x} cy={y} r={5} fill="var(--surface)" stroke={colour} strokeWidth={2} />
        </>
      )}
      <text x={x + from + 1} y={y + 4} className={bad ? 'tl-ax' : 'tl-ax accent'}>
        {label}
      </text>
    </g>
  )
}
