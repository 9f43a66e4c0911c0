// Shows what a recovery will do: the files it writes, the names it changes, the commands, and all of it as a script.
import path from 'node:path'
import type { StandalonePreview } from '../../../shared/contracts/recovery'
import type { ShownCommand } from '../../../shared/jobs/job'
import { quoteForShell, shownWords } from '../../../shared/tools/showCommand'
import { packedBy } from '../../library/unpackFile'
import { combineLines, verifyLines } from './chainScript'
import { shownCombine } from './planChain'
import type { RecoveryPlan } from './planRecovery'
import { pointFiles } from './point/pointFiles'
import { salvageFolder } from './point/restoreScript'
import { keepsPristine, pristineOf } from './pristine'
import { addedSettings, droppedPattern } from './settingsText'
import { laterCommands } from './startRecovered'
import { makeTablespaceMap } from './tarHead'
import { holdsWal, shownVerifiers } from './verifySource'

export function previewOf(plan: RecoveryPlan): StandalonePreview {
  const { backup, data, spaces, kept, settings, preflight, blocked, danger } = plan
  return {
    commands: shownCommands(plan),
    preflight,
    blocked,
    checkedAt: new Date().toISOString(),
    writes: [
      { label: 'Data directory', value: data.final },
      ...spaces.map(({ name, final }) => ({ label: `Tablespace folder of ${nameOf(plan, name)}`, value: final })),
      { label: plan.chain ? 'While it is combined' : 'While it is copied', value: data.partial },
      ...(kept === null ? [] : [{ label: 'Kept from before', value: kept }]),
      ...(plan.point?.salvage?.offer.files.length
        ? [{ label: 'Salvaged WAL', value: path.join(data.final, salvageFolder) }]
        : []),
      ...(keepsPristine(plan) ? [{ label: 'Base files, kept where the disk has reflinks', value: pristineOf(data.final) }] : []),
      {
        label: 'Connection',
        value:
          plan.target?.origin === 'practice' ? `${plan.target.name}, as before` : `to port ${plan.port ?? ''}, added at the end`,
      },
    ],
    files: [
      { path: path.join(data.final, 'postgresql.auto.conf'), text: addedSettings(settings), added: true },
      ...plan.placed.map(({ path: name, text }) => ({ path: path.join(data.final, name), text, added: false })),
      ...(plan.point ? pointFiles(plan.point) : []).map(({ path: name, text }) => ({
        ...{ path: path.join(data.final, name), text, added: false },
      })),
      ...(spaces.length > 0 && backup.format === 'tar'
        ? [
            {
              path: path.join(data.final, 'tablespace_map'),
              text: makeTablespaceMap(spaces.map(({ name, final }) => ({ oid: name, location: final }))),
              added: false,
            },
          ]
        : []),
    ],
    renames: kept === null ? [] : [{ from: data.final, to: kept }],
    danger,
    script: scriptOf(plan),
  }
}

function nameOf({ backup }: RecoveryPlan, oid: string): string {
  return backup.tablespaces.find((space) => space.oid === oid)?.name || oid
}

/** The copying itself is Walkback's own; these programs run besides. */
function shownCommands(plan: RecoveryPlan): ShownCommand[] {
  const { programs, target, data, logFile, chain } = plan
  if (!programs) return []
  const program = (title: string, name: string, words: string[]): ShownCommand => ({
    ...{ title, program: name, version: programs.version, kind: 'program' },
    words: shownWords(words),
  })
  const begin =
    target?.origin === 'debian'
      ? program('Start', 'pg_ctlcluster', [...target.name.split('/'), 'start'])
      : program('Start', 'pg_ctl', ['start', '--no-wait', `--pgdata=${data.final}`, `--log=${logFile}`])
  return [
    ...shownVerifiers(plan),
    ...shownCombine(chain),
    program('Control file', 'pg_controldata', [`--pgdata=${data.partial}`]),
    begin,
  ]
}

/** For a machine that Walkback can't reach: the same in POSIX shell, to be run as root. Windows has no such shell. */
function scriptOf(plan: RecoveryPlan): string | null {
  if (process.platform === 'win32' || !plan.programs) return null
  const { backup, data, spaces, kept, account, settings, programs, placed, chain } = plan
  const q = quoteForShell
  const at = (name: string) => q(path.join(data.partial, name))
  const lines = [
    '#!/bin/sh',
    `# Deploys ${backup.path.replace(/[\r\n]/g, ' ')} to ${data.final}. Made by Walkback.`,
    'set -eu',
    '',
  ]
  const partials = [data, ...spaces]
  const salvage = plan.point?.salvage ?? null
  for (const folder of new Set([...(plan.target ? [data.final] : []), ...(salvage ? [salvage.dataDirectory] : [])]))
    lines.push(...requireStopped(folder))
  for (const { final, partial } of plan.target ? spaces : partials) lines.push(`[ ! -e ${q(final)} ] && [ ! -e ${q(partial)} ]`)
  if (chain) lines.push(...verifyLines(chain))
  else if (backup.manifest && backup.format === 'plain')
    lines.push(`${q(path.join(programs.bin, 'pg_verifybackup'))}${holdsWal(backup) ? '' : ' --no-parse-wal'} ${q(backup.data)}`)
  for (const { partial } of partials) lines.push(`mkdir -p -m 0755 ${q(path.dirname(partial))}`, `mkdir -m 0700 ${q(partial)}`)
  if (chain) lines.push(...combineLines(plan, chain))
  else if (backup.format === 'plain') {
    lines.push(`cp -R ${q(`${backup.data}/.`)} ${q(data.partial)}`)
    lines.push(
      `rm -rf ${at('pg_tblspc')} ${at('postmaster.pid')} ${at('standby.signal')} ${at('recovery.signal')} ${at('backup_manifest')}`,
      `mkdir ${at('pg_tblspc')}`,
    )
    for (const { name, partial } of spaces) {
      const source = backup.tablespaces.find(({ oid }) => oid === name)?.source ?? ''
      lines.push(`cp -R ${q(`${source}/.`)} ${q(partial)}`)
    }
  } else {
    for (const tar of backup.tars) {
      const oid = tar.slice(0, tar.indexOf('.'))
      const folder =
        oid === 'base'
          ? data.partial
          : oid === 'pg_wal'
            ? path.join(data.partial, 'pg_wal')
            : (spaces.find(({ name }) => name === oid)?.partial ?? '')
      const by = { none: 'cat', gzip: 'gzip -dc', lz4: 'lz4 -dc', zstd: 'zstd -dc' }[packedBy(tar)]
      lines.push(`mkdir -p ${q(folder)}`, `${by} ${q(path.join(backup.data, tar))} | tar -xf - -C ${q(folder)}`)
    }
  }
  for (const { name, final } of spaces)
    lines.push(`rm -f ${at(`pg_tblspc/${name}`)}`, `ln -s ${q(final)} ${at(`pg_tblspc/${name}`)}`)
  const write = (name: string, text: string, how: '>' | '>>') => {
    if (path.dirname(name) !== '.') lines.push(`mkdir -p ${at(path.dirname(name))}`)
    lines.push(`cat ${how} ${at(name)} <<'WALKBACK'`, text.replace(/\n$/, ''), 'WALKBACK')
  }
  if (backup.format === 'tar' && spaces.length > 0)
    write('tablespace_map', makeTablespaceMap(spaces.map(({ name, final }) => ({ oid: name, location: final }))), '>')
  for (const { path: name, text } of placed) write(name, text, '>')
  // A target or a standby's link of the source's own would be there besides.
  lines.push(`touch ${at('postgresql.auto.conf')}`, `sed -i.before -E ${q(`/${droppedPattern}/d`)} ${at('postgresql.auto.conf')}`)
  lines.push(`rm -f ${at('postgresql.auto.conf.before')}`)
  write('postgresql.auto.conf', addedSettings(settings), '>>')
  if (plan.point) {
    for (const { path: name, text } of pointFiles(plan.point)) write(name, text, '>')
    if (plan.point.access === 'staged') {
      lines.push(`mkdir -p ${at('walkback/wal')}`)
      for (const { file } of plan.point.needed)
        lines.push(`cp ${q(path.join(plan.point.archive.folder, file))} ${at('walkback/wal/')}`)
    }
  }
  if (salvage && salvage.offer.files.length > 0) {
    lines.push(`mkdir -p ${at(salvageFolder)}`)
    for (const { file, name } of salvage.offer.files) {
      const target = path.join(data.partial, salvageFolder, name)
      lines.push(
        `cp ${q(path.join(salvage.offer.walFolder, file))} ${q(`${target}.partial`)}`,
        `mv ${q(`${target}.partial`)} ${q(target)}`,
      )
    }
    lines.push('sync')
  }
  lines.push(`mkdir -p ${at('log')}`)
  for (const { partial } of partials) {
    if (account) lines.push(`chown -R ${q(account.name)}: ${q(partial)}`)
    lines.push(`chmod -R u=rwX,go= ${q(partial)}`)
  }
  if (kept !== null) lines.push(`mv ${q(data.final)} ${q(kept)}`)
  for (const { final, partial } of partials) lines.push(`mv ${q(partial)} ${q(final)}`)
  lines.push(plan.target?.origin === 'practice' ? '# Start it on the Practice page.' : laterCommands(plan).start, '')
  return lines.join('\n')
}

/** A number that is left of a crash may be another program's by now: on Linux the server works in its data directory. */
function requireStopped(folder: string): string[] {
  const pid = quoteForShell(path.join(folder, 'postmaster.pid'))
  return [
    `pid=$(head -n 1 ${pid} 2>/dev/null || true)`,
    `if [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$(cd ${quoteForShell(folder)} && pwd -P)" ]; then`,
    `  echo ${quoteForShell(`A server runs in ${folder}: stop it first.`)} >&2`,
    '  exit 1',
    'fi',
  ]
}
