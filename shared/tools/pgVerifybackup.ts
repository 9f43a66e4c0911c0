// The option table of pg_verifybackup, versions 13 to 18.
import { defineTool } from './defineTool'

const what = 'What is checked'
const run = 'How it runs'

export const pgVerifybackup = defineTool({
  program: 'pg_verifybackup',
  options: [
    {
      key: 'format',
      flag: '--format',
      label: 'Format',
      help: 'Plain or tar. It is found out from the files when it is not given.',
      value: {
        kind: 'choice',
        choices: [
          { value: 'plain', label: 'Plain' },
          { value: 'tar', label: 'Tar' },
        ],
      },
      group: what,
      owned: true,
      since: 18,
    },
    {
      key: 'manifestPath',
      flag: '--manifest-path',
      label: 'Manifest elsewhere',
      help: 'A manifest that is not in the backup’s folder.',
      value: { kind: 'file' },
      group: what,
    },
    {
      key: 'walDirectory',
      flag: '--wal-directory',
      label: 'WAL elsewhere',
      help: 'Reads the WAL that the backup needs from this folder, such as an archive.',
      value: { kind: 'text', placeholder: '/srv/archive' },
      group: what,
      excludes: ['noParseWal'],
    },
    {
      key: 'ignore',
      flag: '--ignore',
      label: 'Not these files',
      help: 'Files or folders, relative to the backup, that may differ: settings changed by hand.',
      value: { kind: 'list' },
      group: what,
    },
    {
      key: 'noParseWal',
      flag: '--no-parse-wal',
      label: 'Leave the WAL unread',
      help: 'For backups that hold no WAL, and for tar, whose WAL can’t be read in place.',
      value: { kind: 'flag' },
      group: what,
    },
    {
      key: 'skipChecksums',
      flag: '--skip-checksums',
      label: 'Names and sizes only',
      help: 'Fast, and blind to damage within files.',
      value: { kind: 'flag' },
      group: what,
    },
    {
      key: 'exitOnError',
      flag: '--exit-on-error',
      label: 'Stop at the first problem',
      help: 'Without it every damaged or missing file is named.',
      value: { kind: 'flag' },
      group: run,
    },
    {
      key: 'progress',
      flag: '--progress',
      label: 'Say how far it is',
      help: 'The progress of the job is read from this.',
      value: { kind: 'flag' },
      group: run,
      owned: true,
      since: 16,
      excludes: ['quiet'],
    },
    {
      key: 'quiet',
      flag: '--quiet',
      label: 'Only problems',
      help: 'Prints nothing when all is well.',
      value: { kind: 'flag' },
      group: run,
      owned: true,
    },
  ],
  omissions: [
    { flag: '--help', reason: 'Shows help and ends; this form is the help.' },
    { flag: '--version', reason: 'Shows the version and ends; the version is shown with the program.' },
  ],
})
