// How a backup was last checked: sign, word and age.
import type { BackupRecord } from '../../../shared/model/backupRecord'
import { Severity } from '../../components/Chip'
import { verificationWord } from '../../components/checkWords'
import { formatAgo, formatWhen } from '../../format/time'
import { lastVerification } from './catalog'

const levels = { ok: 'pass', warn: 'warning', err: 'blocker' } as const

export function VerifiedMark({ record, long = false }: { record: BackupRecord; long?: boolean }) {
  const check = lastVerification(record)
  const { word, tone } = verificationWord(check)
  return (
    <span className="row g8" title={check === undefined ? undefined : formatWhen(check.at)}>
      <Severity level={levels[tone]}>{word}</Severity>
      {check !== undefined && (
        <span className="t3 sm nw">{long ? `${formatWhen(check.at)}, ${formatAgo(check.at)}` : formatAgo(check.at)}</span>
      )}
    </span>
  )
}
