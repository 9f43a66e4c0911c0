// The moment that a recovered cluster stands at, for names and in words.
import { wishWords } from '../../../shared/model/recoveryTarget'
import { utcText } from '../../../shared/model/utcText'
import type { Recovered } from './parts'

/** Of a time it is that time; of any other target that of the last transaction that is in. */
export function momentOf({ wish, lastTransaction }: Pick<Recovered, 'wish' | 'lastTransaction'>): { iso: string; words: string } {
  if (wish.kind === 'time') return { iso: new Date(Math.floor(wish.value / 1000)).toISOString(), words: wishWords(wish) }
  const iso = lastTransaction ?? new Date().toISOString()
  return { iso, words: lastTransaction === null ? wishWords(wish) : `${wishWords(wish)}, ${utcText(lastTransaction)}` }
}
