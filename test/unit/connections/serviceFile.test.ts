// pg_service.conf: which file is asked, which value counts, and what is refused.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findService, listServices, parseServiceFile, serviceFiles } from '../../../electron/postgres/serviceFile'
import { tempFolder } from '../../support/tempFolder'

const text = `# a comment
host=outside

[shop]
host=db.example.com
host=second.example.com
port=5433
  user=alice
password=a=b c \t
#port=1
[shop]
dbname=never
[with spaces]
dbname=x
`

test('sections, comments, white space at the ends, the first of two values', () => {
  const [shop, again, spaces] = parseServiceFile(text, '/f')
  expect(shop).toEqual({
    name: 'shop',
    file: '/f',
    values: { host: 'db.example.com', port: '5433', user: 'alice', password: 'a=b c' },
  })
  expect(again?.values).toEqual({ dbname: 'never' })
  expect(spaces?.name).toBe('with spaces')
})

test('Windows line ends and a missing last line end make no difference', () => {
  expect(parseServiceFile('[a]\r\nhost=x\r\n[b]\r\nhost=y', '/f').map(({ values }) => values.host)).toEqual(['x', 'y'])
})

test('a keyword named like a property of objects is only a keyword', () => {
  const [service] = parseServiceFile('[a]\n__proto__=x\nconstructor=y', '/f')
  expect(Object.entries(service?.values ?? {})).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})

test('the first file with the section counts, and a missing one is named with every file looked in', () => {
  const folder = tempFolder('service')
  const own = path.join(folder, 'own.conf')
  const system = path.join(folder, 'pg_service.conf')
  fs.writeFileSync(own, '[a]\nhost=own\n')
  fs.writeFileSync(system, '[a]\nhost=system\n[b]\nhost=system\n')
  const files = serviceFiles({ PGSERVICEFILE: own, PGSYSCONFDIR: folder })
  expect(files).toEqual([own, system])
  expect(findService('a', files).values.host).toBe('own')
  expect(findService('b', files).values.host).toBe('system')
  expect(listServices(files).map(({ name, file }) => [name, file])).toEqual([
    ['a', own],
    ['b', system],
  ])
  expect(() => findService('c', files)).toThrow(`The service "c" is in none of the service files: ${own}, ${system}.`)
})

test('without the variables: the home folder, then the systems folders', () => {
  expect(serviceFiles({ HOME: '/home/me' }).slice(0, 2)).toEqual([
    '/home/me/.pg_service.conf',
    '/etc/postgresql-common/pg_service.conf',
  ])
})

test('a broken line spoils its own section and no other', () => {
  const folder = tempFolder('service')
  const file = path.join(folder, 's')
  fs.writeFileSync(file, '[good]\nhost=x\n[bad]\nhost=y\nnonsense\n[ldap]\nldap://server/x=y\n')
  expect(findService('good', [file]).values.host).toBe('x')
  expect(() => findService('bad', [file])).toThrow(`Line 5 of ${file} is neither a [section] nor keyword=value.`)
  expect(() => findService('ldap', [file])).toThrow(`Line 7 of ${file} asks an LDAP server for the settings`)
})
