// Reads what `pg_restore --list` prints (versions 13 to 18): the archive's head and one line for each entry.

export interface ListedEntry {
  id: number
  tableOid: number
  oid: number
  /** TABLE, TABLE DATA, FK CONSTRAINT ... */
  kind: string
  /** The rest of the line as it stands: schema, name and owner, each of which may hold spaces. */
  label: string
  /** Best reading of the label; `ambiguous` when spaces in names allow more than one. */
  schema: string | null
  tag: string
  owner: string
  ambiguous: boolean
}

export interface ArchiveList {
  createdAt: string | null
  database: string | null
  /** All entries of the archive, selected or not. */
  tocEntries: number | null
  compression: string | null
  /** `1.14-0` */
  archiveVersion: string | null
  /** CUSTOM, DIRECTORY or TAR */
  format: string | null
  serverVersion: string | null
  dumpVersion: string | null
  entries: ListedEntry[]
  /** Lines that are neither comment nor entry: must be empty, said when not. */
  unread: string[]
}

/** Names that are known from elsewhere make the reading exact; `pg_restore --list` shows newlines in them as spaces. */
export interface KnownNames {
  schemas?: Iterable<string>
  owners?: Iterable<string>
}

/** Every kind that pg_dump 13 to 18 writes (pg_dump.c, pg_backup_archiver.c), the longer first. */
export const entryKinds: readonly string[] = [
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TEXT SEARCH TEMPLATE',
  'MATERIALIZED VIEW DATA',
  'SUBSCRIPTION TABLE',
  'PROCEDURAL LANGUAGE',
  'DATABASE PROPERTIES',
  'FOREIGN DATA WRAPPER',
  'TEXT SEARCH PARSER',
  'SEQUENCE OWNED BY',
  'PUBLICATION TABLES IN SCHEMA',
  'PUBLICATION TABLE',
  'SECURITY LABEL',
  'MATERIALIZED VIEW',
  'STATISTICS DATA',
  'OPERATOR FAMILY',
  'CHECK CONSTRAINT',
  'OPERATOR CLASS',
  'FOREIGN TABLE',
  'EVENT TRIGGER',
  'BLOB METADATA',
  'BLOB COMMENTS',
  'ACCESS METHOD',
  'FK CONSTRAINT',
  'USER MAPPING',
  'TABLE ATTACH',
  'SUBSCRIPTION',
  'SEQUENCE SET',
  'ROW SECURITY',
  'LARGE OBJECT',
  'INDEX ATTACH',
  'DEFAULT ACL',
  'TABLE DATA',
  'PUBLICATION',
  'STDSTRINGS',
  'STATISTICS',
  'SHELL TYPE',
  'SEARCHPATH',
  'CONVERSION',
  'CONSTRAINT',
  'TRANSFORM',
  'PROCEDURE',
  'EXTENSION',
  'COLLATION',
  'AGGREGATE',
  'SEQUENCE',
  'OPERATOR',
  'FUNCTION',
  'ENCODING',
  'DATABASE',
  'TRIGGER',
  'DEFAULT',
  'COMMENT',
  'SERVER',
  'SCHEMA',
  'POLICY',
  'DOMAIN',
  'TABLE',
  'INDEX',
  'BLOBS',
  'VIEW',
  'TYPE',
  'RULE',
  'CAST',
  'BLOB',
  'ACL',
].toSorted((a, b) => b.length - a.length)

const entryLine = /^(\d+); (\d+) (\d+) (.*)$/

/** The ids alone, in order: what a selection holds, of lists with hundreds of thousands of lines. */
export function listedIds(text: string): number[] {
  return Array.from(text.matchAll(/^(\d+); \d+ \d+ /gm), (match) => Number(match[1]))
}

export function parseArchiveList(text: string, known: KnownNames = {}): ArchiveList {
  const list: ArchiveList = {
    createdAt: null,
    database: null,
    tocEntries: null,
    compression: null,
    archiveVersion: null,
    format: null,
    serverVersion: null,
    dumpVersion: null,
    entries: [],
    unread: [],
  }
  const rows: { id: number; tableOid: number; oid: number; kind: string; label: string }[] = []
  let inHead = true
  for (const line of text.split('\n')) {
    if (line.startsWith(';')) {
      if (inHead) readHeadLine(line, list)
      if (line.startsWith('; Selected TOC Entries')) inHead = false
      continue
    }
    const match = entryLine.exec(line.replace(/\r$/, ''))
    if (!match) {
      if (line.trim() !== '') list.unread.push(line)
      continue
    }
    inHead = false
    const rest = match[4] ?? ''
    const kind = entryKinds.find((each) => rest.startsWith(`${each} `)) ?? rest.split(' ')[0] ?? ''
    rows.push({
      id: Number(match[1]),
      tableOid: Number(match[2]),
      oid: Number(match[3]),
      kind,
      label: rest.slice(kind.length + 1),
    })
  }
  const names = learnNames(rows, known)
  list.entries = rows.map((row) => ({ ...row, ...readLabel(row.label, names) }))
  return list
}

function readHeadLine(line: string, list: ArchiveList): void {
  const created = /^; Archive created at (.+)$/.exec(line)
  if (created) list.createdAt = created[1] ?? null
  const match = /^; {5}([A-Za-z_ ]+): (.*)$/.exec(line)
  const value = match?.[2] ?? ''
  switch (match?.[1]) {
    case 'dbname':
      list.database = value
      break
    case 'TOC Entries':
      list.tocEntries = Number(value)
      break
    case 'Compression':
      list.compression = value
      break
    case 'Dump Version':
      list.archiveVersion = value
      break
    case 'Format':
      list.format = value
      break
    case 'Dumped from database version':
      list.serverVersion = value
      break
    case 'Dumped by pg_dump version':
      list.dumpVersion = value
      break
  }
}

interface Names {
  schemas: Set<string>
  owners: Set<string>
}

/** Schemas are entries themselves; owners are learnt where a label can be read in one way only. */
function learnNames(rows: readonly { kind: string; label: string }[], known: KnownNames): Names {
  const shown = (names: Iterable<string> | undefined) => [...(names ?? [])].map((name) => name.replace(/[\r\n]/g, ' '))
  const names: Names = { schemas: new Set(['public', ...shown(known.schemas)]), owners: new Set(shown(known.owners)) }
  for (const row of rows) {
    const words = row.label.split(' ')
    if (words.length === 3 && words[2]) names.owners.add(words[2])
  }
  for (const row of rows) {
    if (row.kind !== 'SCHEMA' || !row.label.startsWith('- ')) continue
    const rest = row.label.slice(2)
    const owner = ownerAtEnd(rest, names.owners)[0]
    if (owner !== undefined) names.schemas.add(rest.slice(0, -owner.length - 1))
  }
  return names
}

function ownerAtEnd(text: string, owners: ReadonlySet<string>): string[] {
  return [...owners].filter((owner) => text.endsWith(` ${owner}`)).toSorted((a, b) => b.length - a.length)
}

function readLabel(label: string, names: Names): Pick<ListedEntry, 'schema' | 'tag' | 'owner' | 'ambiguous'> {
  const schemas = label.startsWith('- ')
    ? ['-']
    : [...names.schemas].filter((schema) => label.startsWith(`${schema} `)).toSorted((a, b) => b.length - a.length)
  const schema = schemas[0] ?? label.split(' ')[0] ?? ''
  const rest = label.slice(schema.length + 1)
  // An entry without owner ends in a space.
  const owners = rest.endsWith(' ') ? [''] : ownerAtEnd(rest, names.owners)
  const owner = owners[0] ?? rest.split(' ').at(-1) ?? ''
  const tag = rest.slice(0, rest.length - owner.length - 1)
  const simple = label.split(' ').length === 3
  return {
    schema: schema === '-' ? null : schema,
    tag,
    owner,
    ambiguous: !simple && (schemas.length !== 1 || owners.length !== 1),
  }
}
