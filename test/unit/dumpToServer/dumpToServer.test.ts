// Which programs a copy between servers takes, and how its draft becomes a request and comes back from one.
import { describe, expect, test } from 'vitest'
import { choosePrograms } from '../../../electron/capabilities/dump-to-server/planPipe'
import { selects } from '../../../electron/capabilities/dump-to-server/preflightPipe'
import { chooseForServer } from '../../../electron/process/tools'
import {
  chooseDestination,
  chooseSource,
  draftOfPipeJob,
  emptyPipeDraft,
  type PipeBase,
  pipeRequestOf,
  pipeStepProblem,
  reachablePipeStep,
} from '../../../renderer/wizards/dumpToServer/draft'
import { applyFix } from '../../../renderer/wizards/dumpToServer/steps/ReviewStep'
import { AppError } from '../../../shared/rpc/appError'

const installed = [130016, 150020, 170011, 180006].map((version) => ({
  folder: `/pg/${version}`,
  version,
  origin: 'PATH',
  programs: ['pg_dump', 'pg_restore'],
}))

const tools = (versions: readonly number[]) => ({
  installations: () => Promise.reject(new Error('not asked')),
  forServer: (program: string, server: number) => {
    const found = chooseForServer(
      installed.filter(({ version }) => versions.includes(version)),
      program,
      server,
    )
    return found ? Promise.resolve(found) : Promise.reject(new AppError('version_mismatch', `no ${program} for ${server}`))
  },
})

describe('programs', () => {
  const all = installed.map(({ version }) => version)
  test.each([
    { from: 130016, to: 180006, have: all, dump: 130016, restore: 180006 },
    { from: 150020, to: 150020, have: all, dump: 150020, restore: 150020 },
    { from: 150020, to: 130016, have: all, dump: 150020, restore: 150020 },
    { from: 130016, to: 150020, have: [170011], dump: 170011, restore: 170011 },
  ])('from $from to $to', async ({ from, to, have, dump, restore }) => {
    const chosen = await choosePrograms({ tools: tools(have) }, from, to)
    expect(chosen.dump.tool?.version).toBe(dump)
    expect(chosen.restore.tool?.version).toBe(restore)
  })

  test('none that is older than the source', async () => {
    const chosen = await choosePrograms({ tools: tools([130016]) }, 180006, 130016)
    expect(chosen.dump.problem?.message).toBe('no pg_dump for 180006')
    expect(chosen.restore.problem?.message).toBe('no pg_restore for 180006')
  })
})

const base: PipeBase = {
  suggestedTarget: {
    kind: 'new',
    database: 'shop_2',
    owner: 'me',
    encoding: 'UTF8',
    localeProvider: 'icu',
    collate: 'C',
    ctype: 'C',
    locale: 'de',
    tablespace: '',
  },
  dumpDefaults: { lockWaitTimeout: '60s' },
  restoreDefaults: {},
}

describe('draft', () => {
  const source = chooseSource(emptyPipeDraft, 'a', 'shop')
  const both = chooseDestination(source, 'b')

  test('each step says what is missing', () => {
    expect(pipeStepProblem(emptyPipeDraft, undefined, 'source')).toBe('Choose the server to copy from')
    expect(pipeStepProblem(source, undefined, 'destination')).toBe('Choose the server to copy to')
    expect(pipeStepProblem({ ...both, kind: 'existing' }, base, 'destination')).toBe('Choose the database to copy into')
    expect(pipeStepProblem({ ...both, newDatabase: 'é'.repeat(32) }, base, 'destination')).toBe(
      'The name is longer than 63 bytes, PostgreSQL would cut it',
    )
    expect(reachablePipeStep(source, undefined, 'review')).toBe('destination')
    expect(reachablePipeStep(both, base, 'review')).toBe('review')
  })

  test('becomes a request, and a request becomes the same draft again', () => {
    const draft = {
      ...both,
      step: 'review' as const,
      tablespace: 'fast',
      dumpChanges: { noComments: true },
      restoreChanges: { noOwner: true },
    }
    const request = pipeRequestOf(draft, base)
    expect(request).toEqual({
      connectionId: 'a',
      database: 'shop',
      destinationId: 'b',
      target: { ...base.suggestedTarget, tablespace: 'fast' },
      dumpOptions: { lockWaitTimeout: '60s', noComments: true },
      restoreOptions: { noOwner: true },
      analyze: true,
      continueOnError: false,
    })
    expect(pipeRequestOf(draftOfPipeJob(request, base) ?? emptyPipeDraft, base)).toEqual(request)
    expect(draftOfPipeJob({ ...request, destinationId: '' }, base)).toBeUndefined()
  })

  test('another destination takes back what belongs to the one before', () => {
    const draft = chooseDestination({ ...both, owner: 'x', tablespace: 'y', existing: 'z', newDatabase: 'n' }, 'c')
    expect(draft).toMatchObject({ destinationId: 'c', owner: null, tablespace: null, existing: '', newDatabase: null })
    expect(chooseDestination(both, 'b')).toBe(both)
  })

  test('fixes of the checks reach their switches', () => {
    expect(applyFix(both, base, 'continueOnError', true).continueOnError).toBe(true)
    expect(applyFix(both, base, 'noTablespaces', true).restoreChanges).toEqual({ noTablespaces: true })
  })
})

test('rows are compared unless something is left out', () => {
  const whole = pipeRequestOf(chooseDestination(chooseSource(emptyPipeDraft, 'a', 'shop'), 'b'), base)
  if (!whole) throw new Error('the draft is complete')
  expect(selects(whole)).toBe(false)
  expect(selects({ ...whole, restoreOptions: { noOwner: true } })).toBe(false)
  expect(selects({ ...whole, dumpOptions: { excludeTable: ['"t"'] } })).toBe(true)
  expect(selects({ ...whole, restoreOptions: { dataOnly: true } })).toBe(true)
  expect(selects({ ...whole, dumpOptions: { excludeTable: [] } })).toBe(false)
})
