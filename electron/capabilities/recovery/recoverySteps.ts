// The steps of a recovery, standalone and to a moment, and what a cancel leaves.

export const recoverySteps = [
  { id: 'checks', label: 'Checks' },
  { id: 'verify', label: 'Verify' },
  { id: 'copy', label: 'Copy' },
  { id: 'settings', label: 'Settings' },
  { id: 'start', label: 'Start' },
  { id: 'consistent', label: 'Consistent' },
  { id: 'connect', label: 'Connect' },
] as const

export const pointSteps = [
  ...recoverySteps.slice(0, -1),
  { id: 'replay', label: 'Replay' },
  { id: 'stop', label: 'Stopped at the target' },
  { id: 'connect', label: 'Connect' },
] as const

export const recoveryOnCancel =
  'What was copied stays under a name that ends in .partial; a data directory that was renamed gets its name back.'
