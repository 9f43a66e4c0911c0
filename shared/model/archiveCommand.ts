// The shell command that archives one WAL segment on the server, never over another file, and the one place that quotes it.

/**
 * PostgreSQL before 16 builds the command in a buffer of MAXPGPATH (1024) bytes and cuts off silently what is longer
 * (pgarch_archiveXlog in pgarch.c, shell_archive.c in 15).
 */
export const longestCommandBytes = 1023

/** What %p and %f become at most: `pg_wal/` and the name of a backup history file, 24 + 1 + 8 + 7 characters. */
const longestName = '000000010000000000000001.00000028.backup'

/** Why no archive command can be made for the folder, in words; '' when one can. */
export function archiveFolderProblem(folder: string, major: number): string {
  if (!folder.startsWith('/')) return 'The folder must be an absolute path on the server, such as /srv/wal/main.'
  // ALTER SYSTEM refuses line breaks in a value; the others have no place in a path either.
  if (holdsControl(folder)) return 'The path holds a line break or another control character.'
  if (folder === '/' || /(?:^|\/)\.{1,2}(?:\/|$)/.test(folder)) return 'The folder must be a path without . and .. parts.'
  if (major >= 16) return ''
  const bytes = expandedBytes(archiveCommand(folder))
  if (bytes <= longestCommandBytes) return ''
  return `The path is too long: the archive command would have ${bytes} bytes, and PostgreSQL ${major} cuts it off at ${longestCommandBytes}.`
}

/** Line breaks and their like, which no setting and no command line can hold. */
export function holdsControl(text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\u007f')
}

/** A word that /bin/sh reads back as exactly this text, once PostgreSQL has replaced %p, %f and %% in it. */
export function quoteForArchiveCommand(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`.replaceAll('%', '%%')
}

const head = 'd='
const tail = [
  ';f=%f;p=%p;a="$d/$f";t="$d/.$f.$$.tmp";rm -f "$d/.$f".*.tmp;',
  // A try before may have stopped between the link and the flush: an identical file is flushed before it counts.
  'if [ -e "$a" ];then cmp -s "$p" "$a"&&sync "$a" "$d"&&exit 0;echo "walkback: $a is there and differs from $p">&2;exit 1;fi;',
  // A link fails where the name is taken, so nothing is ever replaced, and the name is whole from its first moment.
  'cp "$p" "$t"&&sync "$t"&&ln "$t" "$a"&&rm -f "$t"&&sync "$d"&&exit 0;rm -f "$t";exit 1',
].join('')

/**
 * For archive_command: copies to a hidden temporary name in the same folder, flushes it, and links it to its name. The
 * folder must be on a file system with hard links. Throws nothing: see archiveFolderProblem first.
 */
export function archiveCommand(folder: string): string {
  return `${head}${quoteForArchiveCommand(trimFolder(folder))}${tail}`
}

/** The folder of a command that archiveCommand made; null for any other command. */
export function folderOfArchiveCommand(command: string): string | null {
  if (!command.startsWith(`${head}'`) || !command.endsWith(`'${tail}`)) return null
  const quoted = command.slice(head.length, -tail.length)
  const folder = quoted.slice(1, -1).replaceAll('%%', '%').replaceAll(`'\\''`, "'")
  return archiveCommand(folder) === command ? folder : null
}

/** Without slashes at the end. */
export function trimFolder(folder: string): string {
  return folder.length > 1 ? folder.replace(/\/+$/, '') : folder
}

/** As the server will build it for the longest name. */
function expandedBytes(command: string): number {
  const expanded = command.replaceAll(/%(.)/g, (_match, letter: string) =>
    letter === 'p' ? `pg_wal/${longestName}` : letter === 'f' ? longestName : '%',
  )
  return utf8Length(expanded)
}

function utf8Length(text: string): number {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}
