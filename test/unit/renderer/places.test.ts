// Addresses, pages, shortcuts, the palette's list and the connection form.
// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest'
import { filterItems, paletteItems } from '../../../renderer/frame/paletteItems'
import { shortcutOf } from '../../../renderer/frame/shortcuts'
import { findRoute, railPlaces, routes } from '../../../renderer/routes'
import {
  formOf,
  isChanged,
  passwordOf,
  portProblem,
  settingsOf,
  suggestedLabel,
  withSettings,
} from '../../../renderer/screens/connections/form'
import { addressOf } from '../../../renderer/stores/connections'
import { placeLink, readPlace } from '../../../renderer/stores/navigation'
import { cssVariables, darkTokens, lightTokens } from '../../../renderer/theme/tokens'
import { emptyConnectionSettings } from '../../../shared/model/connection'
import { connectionSample, jobSample } from './samples'

describe('addresses', () => {
  test('a link reads back, whatever is in it', () => {
    const path = '/srv/a b/ü&x=1?#%/dump'
    const place = readPlace(placeLink('/restore/dump', { path, job: undefined, empty: '' }))
    expect(place.path).toBe('/restore/dump')
    expect([...place.query]).toEqual([['path', path]])
  })
  test('an empty fragment and a token are the start page', () => {
    expect(['', '#', '#token=abc'].map((fragment) => readPlace(fragment).path)).toEqual(['/overview', '/overview', '/overview'])
  })
  test('pages are found with their parameters', () => {
    expect(findRoute('/jobs/a%2Fb')).toMatchObject({ route: { place: 'jobs' }, params: { id: 'a/b' } })
    expect(findRoute('/jobs/')?.route.pattern).toBe('/jobs')
    expect(findRoute('/nowhere')).toBeUndefined()
    expect(findRoute('/jobs/%E0%A4')).toBeUndefined()
  })
  test('every place of the rail has its page, and every page its place', () => {
    for (const { path, place } of railPlaces) expect(findRoute(path)?.route.place).toBe(place)
    for (const route of routes) expect(railPlaces.map(({ place }) => place)).toContain(route.place)
  })
})

describe('shortcuts', () => {
  const press = (key: string, change: Partial<KeyboardEvent> = {}) =>
    shortcutOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, target: document.body, ...change })
  test('Ctrl-K and Cmd-K, also while typing', () => {
    expect(press('k', { ctrlKey: true, target: document.createElement('input') })).toEqual({ kind: 'palette' })
    expect(press('K', { metaKey: true })).toEqual({ kind: 'palette' })
    expect(press('k')).toBeUndefined()
  })
  test('? only where it types nothing', () => {
    expect(press('?', { shiftKey: true })).toEqual({ kind: 'shortcuts' })
    expect(press('?', { target: document.createElement('textarea') })).toBeUndefined()
  })
  test('Alt and a digit', () => {
    expect(press('7', { altKey: true })).toEqual({ kind: 'go', path: '/jobs' })
    expect(press('9', { altKey: true })).toEqual({ kind: 'go', path: '/settings' })
    expect(press('0', { altKey: true })).toBeUndefined()
  })
})

describe('palette', () => {
  const items = paletteItems({
    connections: [connectionSample()],
    selected: connectionSample(),
    databases: [],
    jobs: Array.from({ length: 30 }, (_, index) => jobSample({ id: `j${index}`, title: `Dump number ${index}` })),
    backups: [],
    onShortcuts: () => undefined,
    onTheme: () => undefined,
  })
  test('without text: all places, a few of the rest', () => {
    const shown = filterItems(items, ' ')
    expect(shown.filter((item) => item.group === 'Places')).toHaveLength(
      routes.filter(({ pattern }) => !pattern.includes(':')).length,
    )
    expect(shown.filter((item) => item.group === 'Jobs')).toHaveLength(5)
  })
  test('every word must occur; ids are unique', () => {
    expect(filterItems(items, 'number 17').map((item) => item.title)).toEqual(['Dump number 17'])
    expect(filterItems(items, 'no such thing')).toEqual([])
    expect(new Set(items.map((item) => item.id)).size).toBe(items.length)
  })
})

describe('connection form', () => {
  test('never shows a kept password, and keeps it unless told otherwise', () => {
    const form = formOf(connectionSample({ password: 'encrypted' }))
    expect(form.password).toBe('')
    expect(passwordOf(form)).toEqual({ kind: 'keep' })
    expect(passwordOf({ ...form, clearPassword: true })).toEqual({ kind: 'none' })
    expect(passwordOf({ ...form, password: ' x', remember: false })).toEqual({ kind: 'set', password: ' x', remember: false })
  })
  test('ports', () => {
    expect(['', ' 5432 ', '65535'].map(portProblem)).toEqual([undefined, undefined, undefined])
    expect(['0', '65536', '54a', '-1', '1.5'].map(portProblem)).toEqual(Array(5).fill('A port is a number from 1 to 65535.'))
    expect(settingsOf({ ...formOf(null), port: ' 5433 ' }).port).toBe(5433)
    expect(settingsOf({ ...formOf(null), port: '' }).port).toBeNull()
  })
  test('what was found fills in, the rest stays', () => {
    const form = withSettings({ ...formOf(null), label: 'mine' }, { host: 'h', port: 5444 })
    expect([form.label, form.settings.host, form.port]).toEqual(['mine', 'h', '5444'])
    expect(isChanged(form, formOf(null))).toBe(true)
    expect(isChanged(formOf(null), formOf(null))).toBe(false)
  })
  test.each([
    [{ host: 'db1.internal', port: null }, 'db1'],
    [{ host: 'db1.internal', port: 5433 }, 'db1 5433'],
    [{ host: '127.0.0.1', port: 5432 }, '127.0.0.1'],
    [{ host: '::1', port: 5433 }, '::1 5433'],
    [{ host: '/run/postgresql', port: null }, 'local'],
    [{ service: 'orders' }, 'orders'],
  ])('suggests a name for %j', (settings, label) =>
    expect(suggestedLabel({ ...emptyConnectionSettings, ...settings })).toBe(label),
  )
  test('addresses read as one would type them', () => {
    const address = (settings: object) => addressOf(connectionSample({ settings: { ...emptyConnectionSettings, ...settings } }))
    expect(address({ host: 'db1' })).toBe('db1:5432')
    expect(address({ host: '::1', port: 5433 })).toBe('[::1]:5433')
    expect(address({ host: '/run/pg', port: 5433 })).toBe('/run/pg port 5433')
    expect(address({ service: 'orders' })).toBe('service orders')
  })
})

describe('theme', () => {
  /** WCAG relative luminance of #RRGGBB. */
  function luminance(colour: string): number {
    const [r = 0, g = 0, b = 0] = [1, 3, 5]
      .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (a: string, b: string) => {
    const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
    return (light + 0.05) / (dark + 0.05)
  }
  test.each([
    ['light', lightTokens],
    ['dark', darkTokens],
  ] as const)('text of the %s theme has a contrast of 4.5 or more', (_name, tokens) => {
    const pairs = [
      ...['text', 'text2', 'text3', 'accent', 'warn', 'err', 'ok'].flatMap((ink) =>
        ['surface', 'surface2', 'bg', 'code'].map((ground) => [ink, ground]),
      ),
      ['onAccent', 'accent'],
      ['onAccent', 'accent2'],
      ['onErr', 'err'],
      ['onErr', 'err2'],
      ['accent', 'accentSoft'],
      ['text2', 'accentSoft'],
      ['warn', 'warnSoft'],
      ['text2', 'warnSoft'],
      ['err', 'errSoft'],
      ['text2', 'errSoft'],
      ['ok', 'okSoft'],
      ['text2', 'okSoft'],
      ['text3', 'surface3'],
      ['railText', 'rail'],
      ['railHi', 'rail2'],
      ['railHi', 'railCount'],
    ] as [keyof typeof tokens, keyof typeof tokens][]
    const poor = pairs
      .map(([ink, ground]) => [ink, ground, contrast(tokens[ink], tokens[ground])] as const)
      .filter(([, , ratio]) => ratio < 4.5)
    expect(poor).toEqual([])
  })
  test('token names become CSS variables', () => {
    expect(cssVariables(lightTokens)).toMatchObject({
      '--bg': '#F3F5F7',
      '--text-2': '#41505D',
      '--accent-soft': '#E2F0F2',
      '--on-accent': '#FFFFFF',
    })
  })
})
