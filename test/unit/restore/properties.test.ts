// What an archive has of the database itself, for a database of another name.
import { expect, test } from 'vitest'
import { propertiesIn } from '../../../electron/capabilities/restore/restoreProperties'

const script = `
SET statement_timeout = 0;
CREATE DATABASE "my ""db""; --" WITH TEMPLATE = template0 ENCODING = 'UTF8';
ALTER DATABASE "my ""db""; --" OWNER TO bob;
\\connect -reuse-previous=on "dbname='my db'"
COMMENT ON DATABASE "my ""db""; --" IS 'DATABASE x is; it''s "quoted"';
ALTER DATABASE "my ""db""; --" CONNECTION LIMIT = 5;
ALTER DATABASE "my ""db""; --" SET search_path TO 'a', 'DATABASE b';
ALTER ROLE "DATABASE evil" IN DATABASE "my ""db""; --" SET work_mem TO '1MB';
REVOKE CONNECT,TEMPORARY ON DATABASE "my ""db""; --" FROM PUBLIC;
SET SESSION AUTHORIZATION "DATABASE evil";
GRANT CONNECT ON DATABASE "my ""db""; --" TO "DATABASE evil";
RESET SESSION AUTHORIZATION;
`

test('the name is changed where it is the database, and nowhere else; owner and place are left to CREATE DATABASE', () => {
  expect(propertiesIn(script, 'new $& "name"')).toEqual([
    `COMMENT ON DATABASE "new $& ""name""" IS 'DATABASE x is; it''s "quoted"'`,
    `ALTER DATABASE "new $& ""name""" CONNECTION LIMIT = 5`,
    `ALTER DATABASE "new $& ""name""" SET search_path TO 'a', 'DATABASE b'`,
    `ALTER ROLE "DATABASE evil" IN DATABASE "new $& ""name""" SET work_mem TO '1MB'`,
    `REVOKE CONNECT,TEMPORARY ON DATABASE "new $& ""name""" FROM PUBLIC`,
    `SET SESSION AUTHORIZATION "DATABASE evil"`,
    `GRANT CONNECT ON DATABASE "new $& ""name""" TO "DATABASE evil"`,
    'RESET SESSION AUTHORIZATION',
  ])
})

test('an unquoted name is one too', () => {
  expect(propertiesIn('ALTER DATABASE shop SET work_mem TO 1;', 'copy')).toEqual(['ALTER DATABASE "copy" SET work_mem TO 1'])
})
