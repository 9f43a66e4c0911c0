// What a local cluster's state is called, and the sign it gets.
import type { LocalClusterInfo } from '../../../shared/contracts/localClusters'
import type { Tone } from '../../components/Chip'
import type { IconName } from '../../components/Icon'

export const originWords: Readonly<Record<LocalClusterInfo['origin'], string>> = {
  debian: 'Debian',
  practice: 'practice',
  process: 'running server',
  folder: 'folder',
}

export function stateLook({ running, control }: Pick<LocalClusterInfo, 'running' | 'control'>): {
  word: string
  tone: Tone
  icon: IconName
} {
  if (running) return { word: running.status === 'stopping' ? 'Stopping' : 'Running', tone: 'accent', icon: 'play' }
  if (control === null) return { word: 'Not known', tone: 'neutral', icon: 'help' }
  if (/^shut down/.test(control.state)) return { word: 'Stopped', tone: 'pass', icon: 'stop' }
  return { word: 'Not shut down', tone: 'warning', icon: 'warn' }
}
