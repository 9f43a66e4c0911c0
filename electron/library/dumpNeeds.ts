// What a dump asks of the server that it is restored to, whichever server that is.
import type { Globals } from './readGlobals'

/** What a dump asks of any server that it is restored to. */
export interface DumpNeeds {
  kind: 'archive' | 'script'
  /** It makes the roles that it names itself, and connects to its databases: a script of pg_dumpall. */
  ofCluster: boolean
  /** Roles that it names without making them, and the owner of its database. */
  roles: string[]
  tablespaces: string[]
  extensions: string[]
  /** Saved beside it, or at the head of a script of pg_dumpall. */
  globals: Globals | null
}
