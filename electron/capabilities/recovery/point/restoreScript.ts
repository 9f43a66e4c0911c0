// The restore_command of a recovery to a moment: a small POSIX shell script that lies with the cluster it was written for.
import { historyName } from '../../../../shared/model/walFile'
import { quoteForShell } from '../../../../shared/tools/showCommand'

/** Within the data directory, in which the server runs its restore_command: the names hold wherever that directory goes. */
export const scriptFolder = 'walkback'
export const scriptPath = `${scriptFolder}/restore.sh`
/** Within the data directory: what was salvaged from the dead cluster, under the names that recovery asks for. */
export const salvageFolder = `${scriptFolder}/salvage`
export const scriptLog = `${scriptFolder}/restore.log`
export const restoreCommand = `/bin/sh ${scriptPath} "%f" "%p"`

export interface ScriptFacts {
  /** The archive's folder. */
  archive: string
  /** Bytes. */
  segmentSize: number
  /** The pinned timeline, and all on the way to it. */
  timeline: number
  way: readonly number[]
  /** WAL of the dead cluster, in `salvageFolder`: names that come before what the archive has; null for no such WAL. */
  salvage?: { before: readonly string[] } | null
}

/**
 * Rules 9 and 13. Whole segments first, plain or packed; then a .partial, as a copy without the suffix, filled up with zeros.
 * Of timelines below the pinned one only those on its way have a history: a stray one changes nothing. Above it the server asks
 * for the first number that is free (findNewestTimeLine), and is told the truth, or a promotion would take a number that the
 * archive has. 1: the file is not there, which ends the WAL. 200: it is there and can't be read, which ends the recovery
 * (RestoreArchivedFile takes more than 125 for FATAL; 126 and 127 it would name after the shell's own failures).
 */
export function restoreScript({ archive, segmentSize, timeline, way, salvage = null }: ScriptFacts): string {
  const histories = way.filter((one) => one > 1).map(historyName)
  return `#!/bin/sh
# Fetches WAL for a recovery from ${archive.replace(/[\r\n]/g, ' ')}, which is only read. Written by Walkback.
# restore_command runs it in the data directory: ${restoreCommand}
# 1 says that the file is not there: to the server, the end of the WAL. 200 says that it can't be read: recovery stops.
archive=${quoteForShell(archive)}
log=${scriptLog}
size=${segmentSize}
name=$1
target=$2

say() { printf '%s %s\\n' "$(date -u '+%Y-%m-%d %H:%M:%S UTC')" "$*" >>"$log"; }
missing() { say "not there: $name$1"; exit 1; }
broken() { rm -f "$target"; say "FAILED: $name: $1"; echo "walkback: $name: $1" >&2; exit 200; }

unpack() {
  case $1 in
    *.gz | *.gz.partial) gzip -dc <"$1" >"$target" ;;
    *.lz4 | *.lz4.partial) lz4 -dcq <"$1" >"$target" ;;
    *.zst) zstd -dcq <"$1" >"$target" ;;
    *) cat <"$1" >"$target" ;;
  esac
}

# Of what a writer left unfinished, all that there is counts; the rest of the segment are zeros.
fill() {
  have=$(wc -c <"$target") || broken "its copy can't be read"
  [ "$have" -gt 0 ] || broken "nothing can be read from $1"
  [ "$have" -ge "$size" ] || dd if=/dev/zero of="$target" bs=1 count=1 seek=$((size - 1)) conv=notrunc 2>/dev/null ||
    broken "its copy can't be filled up"
}

[ -d "$archive" ] && [ -r "$archive" ] && [ -x "$archive" ] || broken "the archive $archive can't be read"

case $name in
  *.history)
    if [ $((0x\${name%.history})) -le ${timeline} ]; then
      case $name in
        ${histories.length === 0 ? "''" : histories.join(' | ')}) ;;
        *) missing ' (not on the way to timeline ${timeline})' ;;
      esac
    fi
    ;;
esac

${salvage === null ? '' : salvageWords(salvage.before)}for file in "$archive/$name" "$archive/$name.gz" "$archive/$name.lz4" "$archive/$name.zst"; do
  [ -e "$file" ] || continue
  unpack "$file" || broken "$file can't be read"
  say "restored: $name from $file"
  exit 0
done

${salvage === null ? '' : 'salvaged\n\n'}case $name in
  *.history | *.backup) missing '' ;;
esac

for file in "$archive/$name.partial" "$archive/$name.gz.partial" "$archive/$name.lz4.partial" \\
  "$archive/$name.partial.gz" "$archive/$name.partial.lz4" "$archive/$name.partial.zst"; do
  [ -e "$file" ] || continue
  unpack "$file" || [ "\${file##*.}" = partial ] || broken "$file can't be read"
  fill "$file"
  say "restored: $name from $file, as far as it goes"
  exit 0
done

missing ''
`
}

/** Whole files, as they were in the dead cluster's pg_wal: the last one ends where its records do. */
function salvageWords(before: readonly string[]): string {
  const first =
    before.length === 0
      ? ''
      : `
# The archive's own are damaged or cut.
case $name in
  ${before.join(' | ')}) salvaged ;;
esac
`
  return `# What the archive does not have is taken from the WAL of the dead cluster, which was copied here.
salvaged() {
  [ -e "${salvageFolder}/$name" ] || return 0
  cat <"${salvageFolder}/$name" >"$target" || broken "${salvageFolder}/$name can't be read"
  say "restored: $name from ${salvageFolder}/$name, salvaged"
  exit 0
}
${first}
`
}
