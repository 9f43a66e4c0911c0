// What a cluster's dump can be, in the words of its wizard.
import type { ClusterWhat } from './draft'

export const whatWords: Readonly<Record<ClusterWhat, { label: string; help: string; program: string }>> = {
  set: {
    label: 'Parallel set',
    help: 'Roles and tablespaces, then every chosen database in directory format, several at once. Restores database by database. The best choice for most.',
    program: 'pg_dump',
  },
  cluster: {
    label: 'Whole cluster, one script',
    help: 'Roles, tablespaces and every database in one SQL script. It restores as a whole, through psql, by one job.',
    program: 'pg_dumpall',
  },
  globals: {
    label: 'Roles and tablespaces',
    help: 'What belongs to no single database, as a small script.',
    program: 'pg_dumpall',
  },
  roles: { label: 'Roles only', help: 'Roles, their memberships and settings.', program: 'pg_dumpall' },
  tablespaces: { label: 'Tablespaces only', help: 'Where tablespaces are, and their owners.', program: 'pg_dumpall' },
}

/** Chosen on the first step, not among the options. */
export const scriptElsewhere = ['globalsOnly', 'rolesOnly', 'tablespacesOnly']
