// Every icon of the window: 16 x 16, drawn with the current colour.
import type { ReactNode } from 'react'

export const iconPaths = {
  back: <path d="M13.5 8h-9M7.5 4.5 4 8l3.5 3.5M2 3.5v9" />,
  backup: (
    <>
      <path d="M8 2v7.2M5 6.4 8 9.4l3-3" />
      <path d="M2.5 10.5v2.2c0 .5.4.8.8.8h9.4c.5 0 .8-.4.8-.8v-2.2" />
    </>
  ),
  backups: (
    <>
      <ellipse cx="8" cy="3.8" rx="5" ry="1.9" />
      <path d="M3 3.8v8.4c0 1 2.2 1.9 5 1.9s5-.9 5-1.9V3.8M3 8c0 1 2.2 1.9 5 1.9S13 9 13 8" />
    </>
  ),
  bell: <path d="M4 11V7.2a4 4 0 0 1 8 0V11l1 1.4H3zM6.6 14h2.8" />,
  block: (
    <>
      <path d="M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4z" />
      <path d="m5.9 5.9 4.2 4.2M10.1 5.9l-4.2 4.2" />
    </>
  ),
  check: <path d="m3.4 8.4 3 3 6.2-6.6" />,
  clip: (
    <>
      <rect x="5.2" y="5.2" width="8" height="8.6" rx="1.4" />
      <path d="M3.6 10.6h-.4c-.7 0-1.2-.5-1.2-1.2V3.4c0-.7.5-1.2 1.2-1.2h6c.7 0 1.2.5 1.2 1.2v.2" />
    </>
  ),
  clock: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 4.6V8l2.4 1.4" />
    </>
  ),
  copy: (
    <>
      <rect x="2" y="3" width="5" height="10" rx="1" />
      <path d="M2 6.3h5M2 9.6h5M9.5 6h4.5M12 4l2 2-2 2M14 10.5H9.5" />
    </>
  ),
  cross: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="m5.8 5.8 4.4 4.4M10.2 5.8l-4.4 4.4" />
    </>
  ),
  db: (
    <>
      <ellipse cx="8" cy="3.8" rx="5" ry="1.9" />
      <path d="M3 3.8v8.4c0 1 2.2 1.9 5 1.9s5-.9 5-1.9V3.8" />
    </>
  ),
  disk: <path d="M2.5 9.5h11v3.4h-11zM2.5 9.5 4.4 3h7.2l1.9 6.5M11 11.2h.1" />,
  down: <path d="m4 6 4 4 4-4" />,
  edit: <path d="M3 13h2.6l7-7L10 3.4l-7 7zM8.6 4.8l2.6 2.6" />,
  ext: <path d="M6 3.6a1.5 1.5 0 0 1 3 0v.6h3v3h.4a1.5 1.5 0 0 1 0 3H12v3H9v-.6a1.5 1.5 0 0 0-3 0v.6H3v-9h3z" />,
  external: <path d="M9 3h4v4M13 3 7.5 8.5M11 9.5V13H3V5h3.5" />,
  eye: (
    <>
      <path d="M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8z" />
      <circle cx="8" cy="8" r="1.9" />
    </>
  ),
  filter: <path d="M2 3.5h12L9.5 9v4l-3-1.5V9z" />,
  fn: <path d="M10.6 2.8c-1.6-.6-2.6.3-2.9 1.9L6.2 12c-.3 1.4-1.2 1.9-2.4 1.4M5 7h5" />,
  fwd: <path d="M2.5 8h9M8.5 4.5 12 8l-3.5 3.5M14 3.5v9" />,
  help: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M6.3 6.2c.2-1 .9-1.5 1.8-1.5 1 0 1.8.6 1.8 1.6 0 1.4-1.8 1.4-1.8 2.7M8.1 11.2v.1" />
    </>
  ),
  info: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 7.2v3.6M8 5.1v.1" />
    </>
  ),
  jobs: <path d="M1.8 8h2.6l1.8-4.6 3 9.2L11 8h3.2" />,
  left: <path d="m10 4-4 4 4 4" />,
  lob: (
    <>
      <path d="M3 2.6h6.4L13 6.2v7.2H3z" />
      <path d="M9 2.8v3.6h3.8" />
    </>
  ),
  lock: (
    <>
      <rect x="3.4" y="7" width="9.2" height="6.6" rx="1.2" />
      <path d="M5.4 7V5a2.6 2.6 0 0 1 5.2 0v2" />
    </>
  ),
  minus: <path d="M3 8h10" />,
  more: <path d="M3.4 8h.1M8 8h.1M12.6 8h.1" />,
  overview: (
    <>
      <path d="M8 1.8 13.2 4v4c0 3.2-2.2 5.4-5.2 6.4C5 13.4 2.8 11.2 2.8 8V4z" />
      <path d="m5.6 8 1.7 1.7 3.1-3.2" />
    </>
  ),
  part: (
    <>
      <rect x="2" y="3" width="12" height="10" rx="1.2" strokeDasharray="2.2 1.8" />
      <path d="M2 8h12" />
    </>
  ),
  pass: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="m5.3 8.2 1.9 1.9 3.6-3.9" />
    </>
  ),
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" />,
  play: <path d="M4.5 3v10l8-5z" />,
  plug: <path d="M5.5 2v3M10.5 2v3M3.6 5h8.8v2.4A4.4 4.4 0 0 1 8 11.8 4.4 4.4 0 0 1 3.6 7.4zM8 11.8V14" />,
  plus: <path d="M8 3v10M3 8h10" />,
  practice: <path d="M6.2 2h3.6M6.8 2v4.2L3.2 12.6c-.4.7.1 1.4.9 1.4h7.8c.8 0 1.3-.7.9-1.4L9.2 6.2V2M5 10h6" />,
  promote: <path d="M8 13V4M4.5 7.2 8 3.7l3.5 3.5M3 2h10" />,
  queue: (
    <>
      <circle cx="8" cy="8" r="6" strokeDasharray="2.4 2" />
      <path d="M8 4.8V8l2.2 1.3" />
    </>
  ),
  refresh: <path d="M13.4 8A5.4 5.4 0 1 1 11.7 4L13.4 5.6M13.4 2.4v3.2h-3.2" />,
  rescue: (
    <>
      <circle cx="8" cy="8" r="6" />
      <circle cx="8" cy="8" r="2.4" />
      <path d="m3.8 3.8 2.5 2.5M9.7 9.7l2.5 2.5M12.2 3.8 9.7 6.3M6.3 9.7l-2.5 2.5" />
    </>
  ),
  restore: (
    <>
      <path d="M2.6 8a5.4 5.4 0 1 0 1.7-3.9L2.6 5.6" />
      <path d="M2.6 2.4v3.2h3.2M8 5v3.2l2.2 1.4" />
    </>
  ),
  right: <path d="m6 4 4 4-4 4" />,
  schema: <path d="M2 4.4c0-.6.4-1 1-1h3.2l1.4 1.6H13c.6 0 1 .4 1 1v6c0 .6-.4 1-1 1H3c-.6 0-1-.4-1-1z" />,
  script: <path d="m5 5.5-2.5 2.5L5 10.5M11 5.5l2.5 2.5-2.5 2.5M9.2 3.5 6.8 12.5" />,
  search: (
    <>
      <circle cx="7" cy="7" r="4.4" />
      <path d="m10.4 10.4 3.2 3.2" />
    </>
  ),
  seq: <path d="M2.5 12V9M6.2 12V7M9.8 12V5M13.5 12V3" />,
  server: (
    <>
      <rect x="2.4" y="2.6" width="11.2" height="4.6" rx="1" />
      <rect x="2.4" y="8.8" width="11.2" height="4.6" rx="1" />
      <path d="M5 4.9h.1M5 11.1h.1" />
    </>
  ),
  settings: (
    <>
      <path d="M2 4.5h6.5M12 4.5h2M2 11.5h2M7.5 11.5H14" />
      <circle cx="10.2" cy="4.5" r="1.8" />
      <circle cx="5.8" cy="11.5" r="1.8" />
    </>
  ),
  stop: <rect x="3.6" y="3.6" width="8.8" height="8.8" rx="1" />,
  table: (
    <>
      <rect x="2" y="3" width="12" height="10" rx="1.2" />
      <path d="M2 6.4h12M6.4 6.4V13" />
    </>
  ),
  trash: <path d="M2.8 4.4h10.4M6.2 4.2V2.6h3.6v1.6M4.2 4.4l.6 9h6.4l.6-9M6.8 7v4M9.2 7v4" />,
  up: <path d="m4 10 4-4 4 4" />,
  user: (
    <>
      <circle cx="8" cy="5.4" r="2.6" />
      <path d="M3 13.4c.6-2.6 2.5-4 5-4s4.4 1.4 5 4" />
    </>
  ),
  view: (
    <>
      <rect x="2" y="3" width="12" height="10" rx="1.2" strokeDasharray="1.4 1.6" />
      <path d="M2 6.4h12" />
    </>
  ),
  wal: (
    <>
      <rect x="1.8" y="4" width="3.4" height="8" rx=".8" />
      <rect x="6.3" y="4" width="3.4" height="8" rx=".8" />
      <path d="M11 4.8c0-.5.4-.8.8-.8h1.6c.5 0 .8.3.8.8v6.4c0 .5-.3.8-.8.8h-1.6c-.4 0-.8-.3-.8-.8z" strokeDasharray="2 1.8" />
    </>
  ),
  warn: (
    <>
      <path d="M8 2.2 14.2 13H1.8z" />
      <path d="M8 6.4v3M8 11.2v.1" />
    </>
  ),
  x: <path d="m4 4 8 8M12 4l-8 8" />,
} as const satisfies Record<string, ReactNode>

export type IconName = keyof typeof iconPaths
