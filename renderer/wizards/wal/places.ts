// Where the screen of all WAL archives is, and the page of one.

export const archivesPlace = '/wal'

export function archivePlace(archiveId: string): string {
  return `/wal/manage/${encodeURIComponent(archiveId)}`
}
