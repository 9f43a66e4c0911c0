// The reading of tables of contents, which dumps use too to check what they wrote.
export { type ArchiveToc, newestArchive, oldestArchive, readToc, type TocEntry, type TocSection } from '../../library/readToc'
