// Which rows stand in the way of a constraint, read from the statement that failed; hostile names and texts change nothing.
import { describe, expect, test } from 'vitest'
import { notValidStatement, readFailedConstraint, rowsInTheWay } from '../../../electron/library/failedConstraint'

const fk = `ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_author_fkey FOREIGN KEY (author) REFERENCES public.authors(id) ON DELETE CASCADE;`

describe('a foreign key', () => {
  test('rows without a counterpart; NOT VALID before the semicolon', () => {
    const found = readFailedConstraint(fk)
    expect(found).toMatchObject({ kind: 'foreign key', only: true, name: 'books_author_fkey', columns: ['author'] })
    expect(found && rowsInTheWay(found, false)).toEqual({
      from:
        `ONLY "public"."books" AS t WHERE t."author" IS NOT NULL AND NOT EXISTS (SELECT FROM ONLY "public"."authors" AS r ` +
        `WHERE r."id" = t."author")`,
      groups: [],
    })
    expect(notValidStatement(fk)).toBe(`${fk.slice(0, -1)} NOT VALID;`)
  })

  test('names that look like SQL; MATCH FULL; of a partitioned table', () => {
    const found = readFailedConstraint(
      `ALTER TABLE "S; --"."t""a (x)"\n    ADD CONSTRAINT "c'); DROP" FOREIGN KEY ("A, b", c) REFERENCES p."R)"("x""", y) MATCH FULL DEFERRABLE;`,
    )
    expect(found).toMatchObject({
      table: { schema: 'S; --', name: 't"a (x)' },
      only: false,
      name: `c'); DROP`,
      columns: ['A, b', 'c'],
      references: { schema: 'p', name: 'R)', columns: ['x"', 'y'] },
      full: true,
    })
    expect(found && rowsInTheWay(found, true).from).toBe(
      `"S; --"."t""a (x)" AS t WHERE (t."A, b" IS NOT NULL AND t."c" IS NOT NULL AND NOT EXISTS (SELECT FROM "p"."R)" AS r ` +
        `WHERE r."x""" = t."A, b" AND r."y" = t."c")) OR ((t."A, b" IS NOT NULL OR t."c" IS NOT NULL) AND NOT ` +
        `(t."A, b" IS NOT NULL AND t."c" IS NOT NULL))`,
    )
  })
})

test('a check: its expression as it stands, with brackets in texts', () => {
  const check = `ALTER TABLE public.t\n    ADD CONSTRAINT small CHECK (((note <> ')'::text) AND (x > 1))) NO INHERIT;`
  const found = readFailedConstraint(check)
  expect(found && rowsInTheWay(found, false).from).toBe(`"public"."t" AS t WHERE NOT (((note <> ')'::text) AND (x > 1)))`)
  expect(notValidStatement(check)).toMatch(/NO INHERIT NOT VALID;$/)
})

test('unique keys: columns, calls and expressions, without what follows them', () => {
  const key = readFailedConstraint('ALTER TABLE ONLY public.t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a, "B");')
  expect(key && rowsInTheWay(key, false)).toEqual({ from: 'ONLY "public"."t" AS t', groups: ['"a"', '"B"'] })
  const index = readFailedConstraint(
    `CREATE UNIQUE INDEX i ON public.t USING btree (lower(a, ')'), ((b || ','::text)) COLLATE "C" DESC, public.f(c) public.text_ops, d) INCLUDE (e) WITH (fillfactor='90') WHERE (e > 0);`,
  )
  expect(index && rowsInTheWay(index, false)).toEqual({
    from:
      `"public"."t" AS t WHERE ((e > 0)) AND lower(a, ')') IS NOT NULL AND ((b || ','::text)) IS NOT NULL AND ` +
      `public.f(c) IS NOT NULL AND d IS NOT NULL`,
    groups: [`lower(a, ')')`, `((b || ','::text))`, 'public.f(c)', 'd'],
  })
  expect(notValidStatement('ALTER TABLE ONLY public.t ADD CONSTRAINT u UNIQUE (a);')).toBeNull()
})

test.each([
  '',
  'DROP TABLE public.t;',
  `${fk} DROP TABLE public.t;`,
  'ALTER TABLE public.t ADD CONSTRAINT c CHECK ((x > 1)',
  'ALTER TABLE t ADD CONSTRAINT c CHECK (x > 1);',
  'ALTER TABLE public.t ADD CONSTRAINT c FOREIGN KEY (a, b) REFERENCES public.r(x);',
  'ALTER TABLE public.t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES public.r;',
  'ALTER TABLE public.t ADD CONSTRAINT c EXCLUDE USING gist (a WITH &&);',
  'CREATE INDEX i ON public.t USING btree (a);',
])('anything else is refused: %s', (statement) => {
  expect(readFailedConstraint(statement)).toBeNull()
  expect(notValidStatement(statement)).toBeNull()
})

test('not valid already, or not enforced: nothing to add', () => {
  for (const end of ['NOT VALID', 'NOT ENFORCED']) expect(notValidStatement(`${fk.slice(0, -1)} ${end};`)).toBeNull()
})
