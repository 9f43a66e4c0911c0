// What the checks of a backup amount to, in the words of every page.
import type { Verification } from '../../shared/model/backupRecord'

const words: Readonly<Record<Verification['level'], readonly [whole: string, damaged: string]>> = {
  checksums: ['Checksums match', 'Checksums differ'],
  read: ['Read in full', 'Reading failed'],
  manifest: ['As its manifest', 'Not as its manifest'],
  wal: ['WAL complete', 'WAL broken'],
  drill: ['Restored', 'Restore failed'],
}

/** A result in the list of all: which level it was of, also where it failed. */
export function checkWord({ level, ok }: Verification): string {
  return words[level][ok ? 0 : 1]
}

/** Of the one that stands for all (standingVerification), with how it is to be shown. */
export function verificationWord(check: Verification | undefined): { word: string; tone: 'ok' | 'warn' | 'err' } {
  if (check === undefined) return { word: 'Never checked', tone: 'warn' }
  if (!check.ok) return { word: 'Check failed', tone: 'err' }
  return { word: checkWord(check), tone: 'ok' }
}
