// The parts of a cold backup that need no server: includes of settings files, what is left out, the draft's steps.
import { describe, expect, it } from 'vitest'
import { configurationPath } from '../../../electron/capabilities/cold-backup/coldRecord'
import { emptiedFolder, leftOut } from '../../../electron/capabilities/cold-backup/leftOut'
import { readIncludes } from '../../../electron/postgres/outsideSettings'
import {
  coldRequestOf,
  coldStepProblem,
  draftOfColdJob,
  emptyColdDraft,
  reachableColdStep,
} from '../../../renderer/wizards/coldBackup/draft'

describe('includes of settings files', () => {
  it('are read as PostgreSQL writes them', () => {
    const text = `
port = 5432
include 'one''s.conf'
include_if_exists = 'maybe.conf' # why not
INCLUDE_DIR 'conf.d'
include unquoted.conf
# include 'commented.conf'
include_dir = ''
shared_preload_libraries = 'include_me'`
    expect(readIncludes(text, 'settings')).toEqual([
      { kind: 'file', path: "one's.conf" },
      { kind: 'file', path: 'maybe.conf' },
      { kind: 'folder', path: 'conf.d' },
      { kind: 'file', path: 'unquoted.conf' },
    ])
  })

  it('and of pg_hba.conf, with lists of names in files', () => {
    const text = `
include "hba two.conf"
host @databases.txt bob,@"the users" 127.0.0.1/32 scram-sha-256
# host @commented all 127.0.0.1/32 trust
host all carol@example.org 127.0.0.1/32 trust`
    expect(readIncludes(text, 'rules')).toEqual([
      { kind: 'file', path: 'hba two.conf' },
      { kind: 'file', path: 'databases.txt' },
      { kind: 'file', path: 'the users' },
    ])
  })
})

describe('what a cold copy leaves out', () => {
  it('is what a start makes anew, and replication slots; not WAL or statistics', () => {
    for (const name of ['postmaster.pid', 'postmaster.opts']) expect(leftOut(name, 0)).toBeTruthy()
    expect(leftOut('postmaster.pid', 1)).toBeUndefined()
    for (const name of ['pgsql_tmp', 'pgsql_tmp123.0', 'pg_internal.init', 'pg_internal.init.77']) {
      expect(leftOut(name, 2)).toBeTruthy()
    }
    for (const name of ['pg_dynshmem', 'pg_notify', 'pg_replslot', 'pg_serial', 'pg_snapshots', 'pg_stat_tmp', 'pg_subtrans']) {
      expect(emptiedFolder(name)).toBeTruthy()
    }
    for (const name of ['pg_wal', 'pg_stat', 'pg_xact', 'base', 'pg_logical', 'pg_commit_ts']) {
      expect(emptiedFolder(name)).toBeUndefined()
      expect(leftOut(name, 0)).toBeUndefined()
    }
    for (const name of ['backup_label.old', 'postgresql.auto.conf', 'pg_internal.initial', '1259_fsm']) {
      expect(leftOut(name, 0)).toBeUndefined()
    }
  })

  it('gives every settings file a place of its own', () => {
    expect(configurationPath('/etc/postgresql/15/main/pg_hba.conf')).toBe('configuration/etc/postgresql/15/main/pg_hba.conf')
  })
})

describe('the draft', () => {
  const chosen = { ...emptyColdDraft, dataDirectory: '/srv/data' }
  const stopped = { cluster: { name: '15/main', running: null }, libraries: [{ path: '/srv/library' }] }
  const running = { ...stopped, cluster: { name: '15/main', running: { pid: 7, startedAt: '', status: 'ready' } } }

  it('goes on only from a cluster that is chosen, known and stopped', () => {
    expect(coldStepProblem(emptyColdDraft, undefined, 'cluster')).toBe('Choose a cluster first')
    expect(coldStepProblem(chosen, undefined, 'cluster')).toBe('Looking at the cluster')
    expect(coldStepProblem(chosen, running, 'cluster')).toBe('15/main runs: stop it, or take a base backup')
    expect(coldStepProblem(chosen, stopped, 'cluster')).toBe('')
    expect(coldStepProblem({ ...chosen, library: 'here' }, stopped, 'options')).toBe('The folder needs an absolute path')
    expect(reachableColdStep(chosen, running, 'review')).toBe('cluster')
    expect(reachableColdStep({ ...chosen, library: '' }, stopped, 'review')).toBe('options')
    expect(coldRequestOf(chosen, running)).toBeUndefined()
  })

  it('becomes a request, and a request a draft again', () => {
    const request = coldRequestOf({ ...chosen, label: ' moved ' }, stopped)
    expect(request).toEqual({
      dataDirectory: '/srv/data',
      configuration: true,
      pageChecksums: true,
      library: '/srv/library',
      label: 'moved',
    })
    expect(draftOfColdJob(request)).toEqual({ ...chosen, step: 'review', library: '/srv/library', label: 'moved' })
    expect(draftOfColdJob({ connectionId: 'x' })).toBeUndefined()
  })
})
