// The option table of pg_basebackup, versions 13 to 18.
import { majorOf } from '../model/pgVersion'
import { connectionOptions } from './connectionOptions'
import { defineTool, type OptionChoice, type OptionValue, type OptionValues } from './defineTool'
import { manifestChecksumChoices, mappingProblem, syncMethodChoices } from './physicalOptions'
import { baseBackupCompressions, compressionProblem, readCompression } from './walCompression'

const form = 'Form of the backup'
const wal = 'WAL of the backup'
const start = 'How the backup starts'
const run = 'How the backup runs'
const trust = 'Manifest and checks'
const standby = 'For a standby'

export const walMethods: readonly OptionChoice[] = [
  {
    value: 'stream',
    label: 'Stream it alongside',
    help: 'A second connection receives the WAL while the files are copied. The backup can be started by itself.',
  },
  {
    value: 'fetch',
    label: 'Fetch it at the end',
    help: 'One connection. The server must still have all WAL of the backup at the end: wal_keep_size or a slot sees to that.',
  },
  {
    value: 'none',
    label: 'Leave it to the archive',
    help: 'The backup can’t be started without the archived WAL from its start to its end. Only with an archive that works.',
  },
]

const places = { methods: ['gzip', 'lz4', 'zstd'], places: true }

function compressProblem(value: OptionValue, values: OptionValues, version: number): string | undefined {
  const text = String(value)
  const problem = compressionProblem('pg_basebackup', text, version, places)
  if (problem !== undefined) return problem
  const read = readCompression(text)
  if (!read || read.method === 'none') return undefined
  if (values.format === 'tar' || values.target !== undefined) return undefined
  // Since 15 a plain backup may travel compressed and is unpacked on arrival.
  if (majorOf(version) >= 15 && read.place === 'server') return undefined
  return 'Only tar is compressed: choose tar, or compression on the server for the journey alone.'
}

function targetProblem(value: OptionValue, values: OptionValues): string | undefined {
  const text = String(value)
  if (text !== 'blackhole' && !text.startsWith('server:/')) {
    return 'A target is blackhole, or server: and an absolute path on the server.'
  }
  const read = values.compress === undefined ? undefined : readCompression(String(values.compress))
  if (read && read.method !== 'none' && read.place !== 'server') return 'With a target, compression happens on the server.'
  return undefined
}

function rateProblem(value: OptionValue): string | undefined {
  const match = /^(\d+)(k|M)?$/.exec(String(value))
  const kilobytes = match ? Number(match[1]) * (match[2] === 'M' ? 1024 : 1) : 0
  return kilobytes >= 32 && kilobytes <= 1048576 ? undefined : 'A rate from 32k to 1024M a second; a bare number is kB.'
}

function slotProblem(value: OptionValue): string | undefined {
  return /^[a-z0-9_]{1,63}$/.test(String(value)) ? undefined : 'A slot’s name is made of a-z, 0-9 and _, 63 at the most.'
}

const receives = 'The WAL is not streamed, so no slot takes part.'

export const pgBasebackup = defineTool({
  program: 'pg_basebackup',
  options: [
    ...connectionOptions(run),
    {
      key: 'pgdata',
      flag: '--pgdata',
      label: 'Folder',
      help: 'Where the backup goes on this machine.',
      value: { kind: 'text' },
      group: form,
      owned: true,
      excludes: ['target'],
    },
    {
      key: 'format',
      flag: '--format',
      label: 'Format',
      help: 'Plain is a data directory ready to be used; tar is one file for each tablespace, which can be compressed.',
      value: {
        kind: 'choice',
        choices: [
          { value: 'plain', label: 'Plain', help: 'The files as they are on the server.' },
          { value: 'tar', label: 'Tar', help: 'base.tar, and one tar for each tablespace.' },
        ],
      },
      group: form,
      owned: true,
      excludes: ['target'],
    },
    {
      key: 'incremental',
      flag: '--incremental',
      label: 'Only what changed since',
      help: 'The manifest of an earlier backup. Only blocks changed since then are sent; restoring needs the whole chain.',
      value: { kind: 'file' },
      group: form,
      owned: true,
      since: 17,
      serverSince: 17,
    },
    {
      key: 'compress',
      flag: '--compress',
      label: 'Compression',
      help: 'Method, place and level. On the server it spares the network; here it spares the server.',
      value: { kind: 'text', placeholder: 'client-zstd:3', suggestions: baseBackupCompressions },
      group: form,
      common: true,
      check: compressProblem,
    },
    {
      key: 'maxRate',
      flag: '--max-rate',
      label: 'Highest rate',
      help: 'Spares the server’s disks and network: 20M is 20 MB a second.',
      value: { kind: 'text', placeholder: '20M' },
      group: run,
      common: true,
      check: rateProblem,
    },
    {
      key: 'target',
      flag: '--target',
      label: 'Where else',
      help: 'server:/path stores the backup on the server’s own disk; blackhole reads everything and keeps nothing.',
      value: { kind: 'text', placeholder: 'server:/srv/backup' },
      group: form,
      since: 15,
      serverSince: 15,
      excludes: ['tablespaceMapping', 'waldir', 'writeRecoveryConf', 'createSlot', 'slot'],
      requires: [
        {
          key: 'walMethod',
          values: ['fetch', 'none'],
          reason: 'A backup that goes to a target can’t stream its WAL: fetch it, or leave it to the archive.',
        },
      ],
      check: targetProblem,
    },
    {
      key: 'tablespaceMapping',
      flag: '--tablespace-mapping',
      label: 'Tablespaces elsewhere',
      help: 'OLD=NEW for each tablespace: without it a plain backup on the same machine would meet the server’s own folders.',
      value: { kind: 'list' },
      group: form,
      owned: true,
      requires: [{ key: 'format', values: ['plain'], reason: 'Tar keeps each tablespace in a file of its own: nothing to map.' }],
      check: mappingProblem,
    },
    {
      key: 'waldir',
      flag: '--waldir',
      label: 'WAL in another folder',
      help: 'pg_wal becomes a link to this folder, as on servers with a disk of its own for WAL.',
      value: { kind: 'text', placeholder: '/wal/backup' },
      group: wal,
      requires: [{ key: 'format', values: ['plain'], reason: 'Only a plain backup has a pg_wal that can be elsewhere.' }],
    },
    {
      key: 'walMethod',
      flag: '--wal-method',
      label: 'WAL',
      help: 'How the WAL that is written during the backup comes along. Without it the backup can’t become consistent.',
      value: { kind: 'choice', choices: walMethods },
      group: wal,
      common: true,
    },
    {
      key: 'slot',
      flag: '--slot',
      label: 'Replication slot',
      help: 'A slot that exists, or is made for this: it stays after the backup, and a standby goes on from it.',
      value: { kind: 'text', placeholder: 'backup_slot' },
      group: wal,
      excludes: ['noSlot'],
      requires: [{ key: 'walMethod', values: ['stream'], reason: receives }],
      check: slotProblem,
    },
    {
      key: 'createSlot',
      flag: '--create-slot',
      label: 'Make that slot',
      help: 'Creates the slot before the backup begins. It stays: a slot that nobody reads from fills the server’s disk.',
      value: { kind: 'flag' },
      group: wal,
      requires: [{ key: 'slot', values: true, reason: 'The slot needs a name.' }],
      excludes: ['noSlot'],
    },
    {
      key: 'noSlot',
      flag: '--no-slot',
      label: 'No temporary slot',
      help: 'For servers without a free slot. The server may then remove WAL that the backup still needs.',
      value: { kind: 'flag' },
      group: wal,
      requires: [{ key: 'walMethod', values: ['stream'], reason: receives }],
    },
    {
      key: 'checkpoint',
      flag: '--checkpoint',
      label: 'Checkpoint',
      help: 'Fast begins at once with a burst of writing; spread waits for the server’s own pace, which can take minutes.',
      value: {
        kind: 'choice',
        choices: [
          { value: 'fast', label: 'Fast', help: 'Begins within seconds.' },
          { value: 'spread', label: 'Spread', help: 'Waits up to checkpoint_timeout, and disturbs nobody.' },
        ],
      },
      group: start,
      common: true,
    },
    {
      key: 'label',
      flag: '--label',
      label: 'Label',
      help: 'Written into backup_label, and shown by recovery.',
      value: { kind: 'text', placeholder: 'before the upgrade' },
      group: start,
      common: true,
    },
    {
      key: 'manifestChecksums',
      flag: '--manifest-checksums',
      label: 'Checksums in the manifest',
      help: 'What each file is checked against later. CRC32C finds damage and is fast; SHA finds forgery too.',
      value: { kind: 'choice', choices: manifestChecksumChoices },
      group: trust,
      common: true,
      excludes: ['noManifest'],
    },
    {
      key: 'manifestForceEncode',
      flag: '--manifest-force-encode',
      label: 'Names in hexadecimal',
      help: 'Every file name of the manifest in hexadecimal: for tests of programs that read manifests.',
      value: { kind: 'flag' },
      group: trust,
      excludes: ['noManifest'],
    },
    {
      key: 'noManifest',
      flag: '--no-manifest',
      label: 'No manifest',
      help: 'The backup can then be checked by Walkback’s own checksums only, and no incremental can follow it.',
      value: { kind: 'flag' },
      group: trust,
    },
    {
      key: 'noVerifyChecksums',
      flag: '--no-verify-checksums',
      label: 'Don’t check the server’s pages',
      help: 'Data checksums of the server’s files are otherwise checked on the way, and damage is named.',
      value: { kind: 'flag' },
      group: trust,
    },
    {
      key: 'noEstimateSize',
      flag: '--no-estimate-size',
      label: 'Don’t estimate the size first',
      help: 'Begins sooner on servers with very many files; the progress then has no end to count to.',
      value: { kind: 'flag' },
      group: run,
    },
    {
      key: 'writeRecoveryConf',
      flag: '--write-recovery-conf',
      label: 'Make it a standby',
      help: 'Writes standby.signal and primary_conninfo: the copy follows the server as soon as it is started.',
      value: { kind: 'flag' },
      group: standby,
    },
    {
      key: 'statusInterval',
      flag: '--status-interval',
      label: 'Status to the server every',
      help: 'How often the server hears from the WAL connection. 0 turns it off; the server’s time-out must then be off too.',
      value: { kind: 'integer', min: 0, max: 2147483, unit: 'seconds' },
      group: run,
    },
    {
      key: 'noClean',
      flag: '--no-clean',
      label: 'Leave what a failure left',
      help: 'Keeps the unfinished files of a failed backup for a closer look; they are named as unfinished.',
      value: { kind: 'flag' },
      group: run,
    },
    {
      key: 'noSync',
      flag: '--no-sync',
      label: 'Do not wait for the disk',
      help: 'Faster, and worth nothing after a power cut: for trials only.',
      value: { kind: 'flag' },
      group: run,
    },
    {
      key: 'syncMethod',
      flag: '--sync-method',
      label: 'How files are made durable',
      help: 'fsync each file, or on Linux the whole file system at once.',
      value: { kind: 'choice', choices: syncMethodChoices },
      group: run,
      since: 17,
    },
    {
      key: 'progress',
      flag: '--progress',
      label: 'Say how far it is',
      help: 'The progress of the job is read from this.',
      value: { kind: 'flag' },
      group: run,
      owned: true,
    },
    {
      key: 'verbose',
      flag: '--verbose',
      label: 'Say what is done',
      help: 'The phases of the job are read from this.',
      value: { kind: 'flag' },
      group: run,
      owned: true,
    },
    {
      key: 'dbname',
      flag: '--dbname',
      label: 'Connection string',
      help: 'What host, port and user can’t say: TLS, certificates, time-outs.',
      value: { kind: 'text' },
      group: run,
      owned: true,
    },
  ],
  omissions: [
    { flag: '--help', reason: 'Shows help and ends; this form is the help.' },
    { flag: '--version', reason: 'Shows the version and ends; the version is shown with the program.' },
    { flag: '--password', reason: 'Asks at the keyboard; the password comes from the connection.' },
    { flag: '--gzip', reason: 'The same as --compress with the default level of gzip.' },
  ],
})
