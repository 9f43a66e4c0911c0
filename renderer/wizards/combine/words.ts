// The words of a combination: how files get into the result.
import type { CopyWay } from './draft'

export const copyWords: Readonly<Record<CopyWay, { label: string; help: string }>> = {
  copy: { label: 'Copy', help: 'Reads and writes every file. Works everywhere.' },
  clone: {
    label: 'Clone',
    help: 'Whole files share their blocks where the file system can (XFS, Btrfs, APFS): fast, and nearly no space. It fails where it can’t.',
  },
  copyFileRange: {
    label: 'Copy within the system',
    help: 'The operating system copies, and shares blocks where it can.',
  },
}
