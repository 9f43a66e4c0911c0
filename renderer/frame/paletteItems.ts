// What the command palette offers, and how what is typed filters it.
import type { z } from 'zod'
import type { CatalogEntry } from '../../shared/contracts/backups'
import type { databaseFacts } from '../../shared/contracts/connections'
import type { Settings } from '../../shared/contracts/host'
import type { JobSnapshot } from '../../shared/jobs/job'
import { backupSubject } from '../../shared/model/backupRecord'
import type { SavedConnection } from '../../shared/model/connection'
import type { IconName } from '../components/Icon'
import { jobIcon, outcomeWords } from '../components/jobWords'
import { formatAgo } from '../format/time'
import { railPlaces, routes } from '../routes'
import { addressOf, editConnection, selectConnection, showConnectionDialog } from '../stores/connections'
import { navigate, placeLink } from '../stores/navigation'

export interface PaletteItem {
  id: string
  group: 'Places' | 'Actions' | 'Servers' | 'Jobs' | 'Backups'
  icon: IconName
  title: string
  detail: string
  run: () => void
}

export interface PaletteSources {
  connections: readonly SavedConnection[]
  selected: SavedConnection | undefined
  databases: readonly z.infer<typeof databaseFacts>[]
  jobs: readonly JobSnapshot[]
  backups: readonly CatalogEntry[]
  onShortcuts: () => void
  onTheme: (theme: Settings['theme']) => void
}

const go = (link: string) => () => navigate(link)

export function paletteItems(sources: PaletteSources): PaletteItem[] {
  const { connections, selected, databases, jobs, backups, onShortcuts, onTheme } = sources
  const places: PaletteItem[] = routes
    .filter((route) => !route.pattern.includes(':'))
    .map((route) => ({
      id: `place ${route.pattern}`,
      group: 'Places',
      icon: railPlaces.find((place) => place.place === route.place)?.icon ?? 'right',
      title: route.title,
      detail: '',
      run: go(placeLink(route.pattern)),
    }))
  const dumps: PaletteItem[] = databases
    .filter((database) => database.allowsConnections && !database.isTemplate)
    .map((database) => ({
      id: `dump ${database.name}`,
      group: 'Actions',
      icon: 'backup',
      title: `Dump ${database.name}…`,
      detail: selected ? `on ${selected.label}` : '',
      run: go(placeLink('/backup/dump', { database: database.name })),
    }))
  const exports: PaletteItem[] = databases
    .filter((database) => database.allowsConnections && !database.isTemplate)
    .map((database) => ({
      id: `export ${database.name}`,
      group: 'Actions',
      icon: 'copy',
      title: `Export a table of ${database.name}…`,
      detail: selected ? `on ${selected.label}` : '',
      run: go(placeLink('/copy/export', { database: database.name })),
    }))
  const action = (id: string, icon: IconName, title: string, run: () => void): PaletteItem => {
    return { id, group: 'Actions', icon, title, detail: '', run }
  }
  return [
    ...places,
    ...dumps,
    action('add', 'plus', 'Add a server…', () => editConnection(null)),
    ...(selected ? [action('edit', 'edit', `Edit ${selected.label}…`, () => editConnection(selected.id))] : []),
    action('manage', 'server', 'Manage servers…', () => showConnectionDialog({ kind: 'manage' })),
    action('shortcuts', 'help', 'Keyboard shortcuts', onShortcuts),
    action('dark', 'settings', 'Theme: dark', () => onTheme('dark')),
    action('light', 'settings', 'Theme: light', () => onTheme('light')),
    action('system', 'settings', "Theme: the system's", () => onTheme('system')),
    ...exports,
    ...connections.map(
      (connection): PaletteItem => ({
        id: `server ${connection.id}`,
        group: 'Servers',
        icon: 'server',
        title: connection.label,
        detail: addressOf(connection),
        run: () => {
          selectConnection(connection.id)
          navigate(placeLink('/overview'))
        },
      }),
    ),
    ...jobs.slice(0, 200).map(
      (job): PaletteItem => ({
        id: `job ${job.id}`,
        group: 'Jobs',
        icon: jobIcon(job),
        title: job.title,
        detail: `${outcomeWords(job)}, ${formatAgo(job.createdAt)}`,
        run: go(placeLink(`/jobs/${encodeURIComponent(job.id)}`)),
      }),
    ),
    ...backups.slice(0, 500).map(
      (backup): PaletteItem => ({
        id: `backup ${backup.path}`,
        group: 'Backups',
        icon: 'backups',
        title: `${backupSubject(backup.record)}, ${formatAgo(backup.record.endedAt)}`,
        detail: backup.path,
        run: go(placeLink('/backups', { path: backup.path })),
      }),
    ),
  ]
}

const shownWithoutText = 5

/** Every word typed must occur in the item. Nothing typed: the first few of each group. */
export function filterItems(items: readonly PaletteItem[], text: string): PaletteItem[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) {
    const counts = new Map<string, number>()
    return items.filter((item) => {
      const count = (counts.get(item.group) ?? 0) + 1
      counts.set(item.group, count)
      return item.group === 'Places' || count <= shownWithoutText
    })
  }
  return items
    .filter((item) => {
      const hay = `${item.title} ${item.detail} ${item.group}`.toLowerCase()
      return words.every((word) => hay.includes(word))
    })
    .slice(0, 100)
}
