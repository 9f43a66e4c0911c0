// Settings of a deployed backup: what is added, what is not taken over, and where saved settings files are led.
import { describe, expect, it } from 'vitest'
import {
  addedSettings,
  keptAutoSettings,
  outsideKey,
  placeSettings,
  withoutPlaces,
} from '../../../electron/capabilities/recovery/settingsText'
import { makeTablespaceMap, parseTablespaceMap } from '../../../electron/capabilities/recovery/tarHead'

const facts = {
  dataDirectory: "/srv/it's here",
  major: 13,
  kind: 'own' as const,
  port: 54400,
  socketFolder: "/srv/it's here",
  sslOff: false,
  from: 'main\nand more',
}

describe('addedSettings', () => {
  it('gives a server of its own its places, and turns off all that reaches elsewhere', () => {
    expect(
      addedSettings(facts),
    ).toBe(`# Walkback: a copy of main and more. It archives nothing and takes no changes from elsewhere.
port = 54400
listen_addresses = '127.0.0.1'
unix_socket_directories = '"/srv/it''s here"'
hba_file = '/srv/it''s here/pg_hba.conf'
ident_file = '/srv/it''s here/pg_ident.conf'
log_directory = 'log'
stats_temp_directory = 'pg_stat_tmp'
archive_mode = off
synchronous_standby_names = ''
max_logical_replication_workers = 0
`)
  })

  it('leaves Debian’s places to the files under /etc', () => {
    const text = addedSettings({ ...facts, major: 18, kind: 'debian' })
    expect(text).not.toMatch(/^(?:port|hba_file|unix_socket_directories|log_directory)/m)
    expect(text).toContain("lc_messages = 'C'\n")
    expect(text).toContain('archive_mode = off\n')
  })
})

describe('keptAutoSettings', () => {
  it('drops the link to a primary and the source’s own places, and keeps the rest', () => {
    const text = `# by hand\nwork_mem = '9MB'\nprimary_conninfo = 'host=db1 password=secret'\nPort = '5432'\nportable = 'x'\n`
    expect(keptAutoSettings(text)).toEqual({
      text: `# by hand\nwork_mem = '9MB'\nportable = 'x'\n`,
      dropped: ['primary_conninfo', 'Port'],
    })
    expect(keptAutoSettings('')).toEqual({ text: '', dropped: [] })
  })
})

describe('saved settings files', () => {
  it('go into the data directory, with what they include', () => {
    const placed = placeSettings(
      [
        {
          original: '/etc/postgresql/15/main/postgresql.conf',
          text: "data_directory = '/var/lib/postgresql/15/main'\ninclude_dir = 'conf.d'\ninclude '/etc/other.conf'\nport = 5432",
        },
        { original: '/etc/postgresql/15/main/conf.d/mine.conf', text: 'work_mem = 1MB' },
        { original: '/etc/postgresql/15/main/pg_hba.conf', text: 'local all all peer' },
      ],
      '/srv/new',
    )
    expect(placed).toEqual([
      {
        path: 'postgresql.conf',
        text: "# Walkback: data_directory = '/var/lib/postgresql/15/main'\ninclude_dir = '/srv/new/settings/etc/postgresql/15/main/conf.d'\n# Walkback: not in the backup: include '/etc/other.conf'\nport = 5432",
      },
      { path: 'settings/etc/postgresql/15/main/conf.d/mine.conf', text: 'work_mem = 1MB' },
      { path: 'pg_hba.conf', text: 'local all all peer' },
    ])
  })

  it('never name the data directory of the source', () => {
    expect(withoutPlaces("  Data_Directory '/old'\nexternal_pid_file='/run/x'\n#data_directory = 1")).toBe(
      "# Walkback:   Data_Directory '/old'\n# Walkback: external_pid_file='/run/x'\n#data_directory = 1",
    )
  })

  it('tell a key that lies elsewhere', () => {
    const text = "ssl = on # yes\nssl_key_file = '/etc/ssl/private/key.pem'"
    expect(outsideKey([text])).toBe('/etc/ssl/private/key.pem')
    expect(outsideKey([text, 'ssl = off'])).toBeNull()
    expect(outsideKey(["ssl = on\nssl_key_file = 'server.key'"])).toBeNull()
  })
})

describe('tablespace_map', () => {
  it('is read and written as PostgreSQL escapes it', () => {
    const spaces = [
      { oid: '16390', location: '/srv/fast disk' },
      { oid: '16391', location: '/srv/back\\slash\nline' },
    ]
    const text = makeTablespaceMap(spaces)
    expect(text).toBe('16390 /srv/fast disk\n16391 /srv/back\\\\slash\\\nline\n')
    expect(parseTablespaceMap(text)).toEqual(spaces)
  })
})
