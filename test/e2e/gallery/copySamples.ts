// What the core would say of copies, for the gallery.

const columns = [
  { name: 'id', type: 'bigint', notNull: true, hasDefault: false, generated: false, identity: true },
  { name: 'name', type: 'text', notNull: true, hasDefault: false, generated: false, identity: false },
  { name: 'note', type: 'text', notNull: false, hasDefault: false, generated: false, identity: false },
  { name: 'created_at', type: 'timestamp with time zone', notNull: true, hasDefault: true, generated: false, identity: false },
  { name: 'search', type: 'tsvector', notNull: false, hasDefault: false, generated: true, identity: false },
]

const rows = [
  ['1', 'Ada', null, '2026-11-22 09:14:02+01'],
  ['2', 'Grace', '', '2026-11-22 09:15:40+01'],
  ['3', 'Robert "Bob"', 'a\nb', '2026-11-22 09:16:11+01'],
]

const text = `id,name,note,created_at
1,Ada,,2026-11-22 09:14:02+01
2,Grace,"",2026-11-22 09:15:40+01
3,"Robert ""Bob""","a
b",2026-11-22 09:16:11+01
`

interface Asked {
  kind?: string
  target?: { create: unknown }
  truncate?: boolean
}

export const copySamples = {
  prepare: async () => ({
    serverVersion: 180004,
    database: 'orders',
    encoding: 'UTF8',
    encodings: ['UTF8', 'LATIN1'],
    server: {
      readFiles: true,
      writeFiles: false,
      runPrograms: false,
      dataDirectory: '/var/lib/postgresql/18/main',
      readText: 'The role has pg_read_server_files: any file that the server’s account can read.',
      writeText: 'The role is neither a superuser nor in pg_write_server_files: it can write no file of the server.',
      programText: 'The role is neither a superuser nor in pg_execute_server_program: it can run no program there.',
    },
    zstd: { available: false, reason: 'zstd needs a newer runtime than this one.' },
    readOnly: false,
    suggestedFolder: '/root',
    schemas: ['public', 'sales'],
  }),
  columns: async () => ({ kind: 'table', columns, estimatedRows: 312_408, size: '155189248', hasChildren: false }),
  exportSample: async () => ({
    columns: columns.slice(0, 4).map(({ name, type }) => ({ name, type })),
    rows,
    text,
  }),
  detectFile: async () => ({
    size: '20971520',
    compression: 'gzip',
    format: 'csv',
    options: { header: 'true' },
    notes: [],
    suggestedTable: 'customers',
  }),
  fileSample: async () => ({
    columns: [
      { name: 'id', type: 'integer' },
      { name: 'name', type: 'text' },
      { name: 'note', type: 'text' },
      { name: 'changed', type: 'timestamptz' },
    ],
    rows,
    text,
    problems: [{ line: 6, message: '3 columns where the first row has 4' }],
  }),
  preview: async (input: Asked) => ({
    commands: [
      {
        title: 'COPY',
        program: 'PostgreSQL',
        version: null,
        words: [
          input.kind === 'export'
            ? 'COPY "public"."customers" TO STDOUT (FORMAT csv, HEADER true)'
            : `BEGIN;\n${input.target?.create ? 'CREATE TABLE "public"."customers" (\n  "id" integer,\n  "name" text,\n  "note" text,\n  "changed" timestamptz\n);\n' : ''}${input.truncate ? 'TRUNCATE "public"."customers";\n' : ''}COPY "public"."customers" ("id", "name", "note") FROM STDIN (FORMAT csv, HEADER true);\nCOMMIT;`,
        ],
        kind: 'sql',
      },
    ],
    preflight: [
      { id: 'role', result: 'pass', check: 'Rights', found: 'walkback may read the table.', fixes: [] },
      { id: 'space', result: 'pass', check: 'Free space', found: '218 GB free, about 148 MB needed.', fixes: [] },
      {
        id: 'exists',
        result: 'warning',
        check: 'Triggers',
        found: 'The table has 2 triggers, which run for each row.',
        fixes: [],
      },
    ],
    writes: [{ label: 'File', value: '/root/customers.csv' }],
    blocked: '',
    checkedAt: new Date().toISOString(),
  }),
  start: async () => ({ jobId: 'ok' }),
}
