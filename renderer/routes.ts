// Every page of the window: its address, its place in the rail, and the module that is loaded when it is first opened.
import type { ComponentType } from 'react'
import type { IconName } from './components/Icon'

export interface ScreenProps {
  /** The `:names` of the pattern, decoded. */
  params: Readonly<Record<string, string>>
  query: URLSearchParams
}

export type RailPlace = 'overview' | 'backup' | 'restore' | 'copy' | 'wal' | 'backups' | 'jobs' | 'practice' | 'settings'

export interface Route {
  /** `/jobs/:id` */
  pattern: string
  place: RailPlace
  /** For the window's title and the command palette. */
  title: string
  /** Wizards: the rail shrinks to its icons, and the page fills the main area with its own head and foot. */
  wizard?: boolean
  load: () => Promise<{ default: ComponentType<ScreenProps> }>
}

/**
 * A new screen or wizard adds its line here. Wizards work on the server chosen in the top bar; what the links into them carry:
 * `?database=shop` (dump: what to dump; copy with `&schema=public&table=t`), `?path=/srv/...` (restore: the backup or archive;
 * import: the file), `?job=<id>` (start from that job's input: "Edit and run").
 */
export const routes: readonly Route[] = [
  { pattern: '/overview', place: 'overview', title: 'Overview', load: () => import('./screens/Overview/Overview') },
  { pattern: '/backup', place: 'backup', title: 'Back up', load: () => import('./screens/Backup/Backup') },
  {
    pattern: '/backup/dump',
    place: 'backup',
    title: 'Dump a database',
    wizard: true,
    load: () => import('./wizards/dump/Wizard'),
  },
  {
    pattern: '/backup/cluster',
    place: 'backup',
    title: 'Dump a cluster',
    wizard: true,
    load: () => import('./wizards/clusterDump/Wizard'),
  },
  {
    pattern: '/backup/base',
    place: 'backup',
    title: 'Take a base backup',
    wizard: true,
    load: () => import('./wizards/baseBackup/Wizard'),
  },
  {
    pattern: '/backup/cold',
    place: 'backup',
    title: 'Cold backup',
    wizard: true,
    load: () => import('./wizards/coldBackup/Wizard'),
  },
  { pattern: '/restore', place: 'restore', title: 'Restore', load: () => import('./screens/Restore/Restore') },
  {
    pattern: '/restore/dump',
    place: 'restore',
    title: 'Restore from a dump',
    wizard: true,
    load: () => import('./wizards/restore/Wizard'),
  },
  {
    pattern: '/restore/server',
    place: 'restore',
    title: 'Copy a database to another server',
    wizard: true,
    load: () => import('./wizards/dumpToServer/Wizard'),
  },
  {
    pattern: '/restore/standalone',
    place: 'restore',
    title: 'Recover a cluster',
    wizard: true,
    load: () => import('./wizards/recovery/Wizard'),
  },
  {
    pattern: '/restore/point',
    place: 'restore',
    title: 'Restore to a point in time',
    wizard: true,
    load: () => import('./wizards/recoveryPoint/Wizard'),
  },
  {
    pattern: '/rescue/:jobId',
    place: 'restore',
    title: 'Rescue tables',
    wizard: true,
    load: () => import('./wizards/rescue/Wizard'),
  },
  {
    pattern: '/look/:jobId',
    place: 'restore',
    title: 'Look before deciding',
    wizard: true,
    load: () => import('./screens/Look/Look'),
  },
  { pattern: '/copy', place: 'copy', title: 'Copy', load: () => import('./screens/Copy/Copy') },
  {
    pattern: '/copy/export',
    place: 'copy',
    title: 'Export to a file',
    wizard: true,
    load: () => import('./wizards/copy/ExportWizard'),
  },
  {
    pattern: '/copy/import',
    place: 'copy',
    title: 'Import from a file',
    wizard: true,
    load: () => import('./wizards/copy/ImportWizard'),
  },
  {
    pattern: '/copy/table',
    place: 'copy',
    title: 'Table to another server',
    wizard: true,
    load: () => import('./wizards/copy/TransferWizard'),
  },
  {
    pattern: '/restore/cluster',
    place: 'restore',
    title: 'Restore a set',
    wizard: true,
    load: () => import('./wizards/clusterRestore/Wizard'),
  },
  { pattern: '/wal', place: 'wal', title: 'WAL archive', load: () => import('./screens/WalArchive/WalArchive') },
  {
    pattern: '/wal/file',
    place: 'wal',
    title: 'Set up a file archive',
    wizard: true,
    load: () => import('./wizards/walFile/Wizard'),
  },
  {
    pattern: '/wal/stream',
    place: 'wal',
    title: 'Set up a streaming archive',
    wizard: true,
    load: () => import('./wizards/walStream/Wizard'),
  },
  {
    pattern: '/wal/manage/:id',
    place: 'wal',
    title: 'WAL archive',
    load: () => import('./screens/WalArchive/ManageArchive'),
  },
  { pattern: '/backups', place: 'backups', title: 'Backups', load: () => import('./screens/Backups/Backups') },
  {
    pattern: '/backups/combine',
    place: 'backups',
    title: 'Combine into a full backup',
    wizard: true,
    load: () => import('./wizards/combine/Wizard'),
  },
  { pattern: '/jobs', place: 'jobs', title: 'Jobs', load: () => import('./screens/Jobs/Jobs') },
  { pattern: '/jobs/:id', place: 'jobs', title: 'Job', load: () => import('./screens/JobDetail/JobDetail') },
  { pattern: '/practice', place: 'practice', title: 'Practice', load: () => import('./screens/Practice/Practice') },
  { pattern: '/settings', place: 'settings', title: 'Settings', load: () => import('./screens/Settings/Settings') },
]

export const railPlaces: readonly { place: RailPlace; title: string; icon: IconName; path: string }[] = [
  { place: 'overview', title: 'Overview', icon: 'overview', path: '/overview' },
  { place: 'backup', title: 'Back up', icon: 'backup', path: '/backup' },
  { place: 'restore', title: 'Restore', icon: 'restore', path: '/restore' },
  { place: 'copy', title: 'Copy', icon: 'copy', path: '/copy' },
  { place: 'wal', title: 'WAL archive', icon: 'wal', path: '/wal' },
  { place: 'backups', title: 'Backups', icon: 'backups', path: '/backups' },
  { place: 'jobs', title: 'Jobs', icon: 'jobs', path: '/jobs' },
  { place: 'practice', title: 'Practice', icon: 'practice', path: '/practice' },
  { place: 'settings', title: 'Settings', icon: 'settings', path: '/settings' },
]

/** undefined for an address that was cut off in the middle of a letter: it leads nowhere. */
function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

function matchPattern(pattern: string, path: string): Record<string, string> | undefined {
  const want = pattern.split('/')
  const have = path.replace(/\/+$/, '').split('/')
  if (want.length !== have.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of want.entries()) {
    const found = have[index] ?? ''
    if (part.startsWith(':')) {
      const name = decodePart(found)
      if (name === undefined) return undefined
      params[part.slice(1)] = name
    } else if (part !== found) return undefined
  }
  return params
}

export function findRoute(path: string): { route: Route; params: Record<string, string> } | undefined {
  for (const route of routes) {
    const params = matchPattern(route.pattern, path)
    if (params) return { route, params }
  }
  return undefined
}
