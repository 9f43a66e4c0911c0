// The option table of pg_receivewal, versions 13 to 18.
import { connectionOptions } from './connectionOptions'
import { defineTool } from './defineTool'
import { compressionProblem, walCompressions } from './walCompression'

const archive = 'The archive'
const slot = 'The slot'
const run = 'How it runs'

export const pgReceivewal = defineTool({
  program: 'pg_receivewal',
  options: [
    ...connectionOptions(run),
    {
      key: 'directory',
      flag: '--directory',
      label: 'Folder',
      help: 'Where the segments go. What is there already tells where to go on.',
      value: { kind: 'text' },
      group: archive,
      owned: true,
    },
    {
      key: 'slot',
      flag: '--slot',
      label: 'Replication slot',
      help: 'Makes the server keep what has not been received yet. Without one a pause may leave a gap.',
      value: { kind: 'text', placeholder: 'walback' },
      group: slot,
      owned: true,
    },
    {
      key: 'createSlot',
      flag: '--create-slot',
      label: 'Create the slot',
      help: 'Only creates the slot, without reserving WAL; Walkback creates it by SQL, with immediate reservation.',
      value: { kind: 'flag' },
      group: slot,
      owned: true,
      requires: [{ key: 'slot', values: true, reason: 'The slot needs a name.' }],
      excludes: ['dropSlot'],
    },
    {
      key: 'ifNotExists',
      flag: '--if-not-exists',
      label: 'Take a slot that exists',
      help: 'No error when the slot is there already.',
      value: { kind: 'flag' },
      group: slot,
      owned: true,
      requires: [{ key: 'createSlot', values: [true], reason: 'Only the creation of a slot can find it there already.' }],
    },
    {
      key: 'dropSlot',
      flag: '--drop-slot',
      label: 'Drop the slot',
      help: 'Only drops the slot; Walkback drops it by SQL, after saying what it still holds.',
      value: { kind: 'flag' },
      group: slot,
      owned: true,
      requires: [{ key: 'slot', values: true, reason: 'The slot needs a name.' }],
    },
    {
      key: 'endpos',
      flag: '--endpos',
      label: 'End at',
      help: 'Ends by itself when this position has been received, such as 0/3000060.',
      value: { kind: 'text', placeholder: '0/3000060' },
      group: run,
      check: (value) =>
        /^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/.test(String(value)) ? undefined : 'A position such as 0/3000060.',
    },
    {
      key: 'compress',
      flag: '--compress',
      label: 'Compression',
      help: 'Each segment as it arrives. gzip in every version; lz4 costs least.',
      value: { kind: 'text', placeholder: 'lz4', suggestions: walCompressions },
      group: archive,
      common: true,
      excludes: ['synchronous'],
      check: (value, _values, version) =>
        compressionProblem('pg_receivewal', String(value), version, { methods: ['gzip', 'lz4'], places: false }),
    },
    {
      key: 'synchronous',
      flag: '--synchronous',
      label: 'Flush at once',
      help: 'Each piece of WAL is on disk before the server hears of it: the least that an accident can cost, at the price of more writing.',
      value: { kind: 'flag' },
      group: archive,
      common: true,
      excludes: ['noSync'],
    },
    {
      key: 'statusInterval',
      flag: '--status-interval',
      label: 'Status to the server every',
      help: 'How often the server hears how far it is: its slot moves on with this.',
      value: { kind: 'integer', min: 0, max: 2147483, unit: 'seconds' },
      group: run,
    },
    {
      key: 'noLoop',
      flag: '--no-loop',
      label: 'Don’t reconnect',
      help: 'Ends when the connection is lost, instead of trying again every five seconds.',
      value: { kind: 'flag' },
      group: run,
    },
    {
      key: 'noSync',
      flag: '--no-sync',
      label: 'Do not wait for the disk',
      help: 'Segments may be lost in a power cut although the server has let go of them: for trials only.',
      value: { kind: 'flag' },
      group: archive,
    },
    {
      key: 'verbose',
      flag: '--verbose',
      label: 'Say what is done',
      help: 'What arrives and what is lost is read from this.',
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
  ],
})
