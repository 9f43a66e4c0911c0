// A WAL archive that Walkback knows: a folder of segments, and which server fills it in which way.
import { z } from 'zod'

/** file: the server's archive_command fills it. stream: pg_receivewal does. folder: somebody else does; it is only read. */
export const walArchiveKinds = ['file', 'stream', 'folder'] as const
export type WalArchiveKind = (typeof walArchiveKinds)[number]

export const walArchive = z.object({
  id: z.string().min(1).max(100),
  kind: z.enum(walArchiveKinds),
  /** For the person: the server's label, unless it was given another name. */
  label: z.string(),
  /** The server that fills it; null when none of the saved connections does. */
  connectionId: z.string().nullable(),
  /** Absolute, on the machine that runs Walkback. */
  folder: z.string().min(1).max(4096),
  /** The cluster whose WAL belongs in it; null while it is not known. */
  systemIdentifier: z.string().nullable(),
  createdAt: z.iso.datetime(),
  /** Of kind stream alone. */
  stream: z
    .object({
      slot: z.string(),
      /** As pg_receivewal's --compress takes it; '' for none. */
      compress: z.string(),
      synchronous: z.boolean(),
      /** It should be running: a start of Walkback takes it up again. */
      wanted: z.boolean(),
    })
    .nullable(),
  /** Of kind file alone. */
  file: z
    .object({
      /** The folder as the server names it. */
      serverFolder: z.string(),
      /** What ALTER SYSTEM had set before, to be offered back when it is turned off; null: nothing. */
      former: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
    })
    .optional(),
})

export type WalArchive = z.infer<typeof walArchive>
