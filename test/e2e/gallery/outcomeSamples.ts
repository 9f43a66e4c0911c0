// Answers about ended restores for the gallery: rows in the way of a constraint, and a kept database.
import type { FailedConstraint, KeptDatabase, NotValidPlan, RowsInTheWay } from '../../../shared/contracts/restoreOutcome'
import { AppError } from '../../../shared/rpc/appError'

const scene = new URLSearchParams(location.search)
const place = {
  server: 'orders-staging',
  host: 'db2.internal',
  port: 5432,
  systemIdentifier: '7614118026514903417',
}
const constraint: FailedConstraint = {
  issue: 0,
  kind: 'foreign key',
  name: 'order_items_product_id_fkey',
  table: 'sales.order_items',
  notValid: true,
}
const plan: NotValidPlan = {
  ...place,
  database: 'orders_20261122_0600',
  table: 'sales.order_items',
  sql: 'ALTER TABLE ONLY sales.order_items\n    ADD CONSTRAINT order_items_product_id_fkey FOREIGN KEY (product_id) REFERENCES sales.products(id) NOT VALID;',
  validate: 'ALTER TABLE "sales"."order_items" VALIDATE CONSTRAINT "order_items_product_id_fkey";',
  there: false,
}
const rows: RowsInTheWay = {
  columns: [
    { name: 'id', type: 'bigint' },
    { name: 'order_id', type: 'bigint' },
    { name: 'product_id', type: 'integer' },
    { name: 'quantity', type: 'integer' },
    { name: 'price', type: 'numeric(12,2)' },
    { name: 'currency', type: 'character(3)' },
    { name: 'note', type: 'text' },
    { name: 'created_at', type: 'timestamp with time zone' },
  ],
  rows: Array.from({ length: 20 }, (_, n) => [
    String(4_812_101 + n * 17),
    String(918_220 + n * 3),
    String(48_212 + (n % 3)),
    String(1 + (n % 4)),
    (19.9 + n).toFixed(2),
    'EUR',
    n % 5 === 0 ? null : n % 5 === 1 ? '' : 'left at the neighbour, second floor, the door with the green frame',
    `2026-11-21 ${String(8 + (n % 12)).padStart(2, '0')}:14:55.120431+01`,
  ]),
  total: 312,
  more: false,
  why: 'point to a row that sales.products does not have',
  sql: `SELECT CASE WHEN t."id" IS DISTINCT FROM NULL THEN left(format('%s', t."id"), 1000) END AS "id",
       CASE WHEN t."product_id" IS DISTINCT FROM NULL THEN left(format('%s', t."product_id"), 1000) END AS "product_id"
FROM ONLY "sales"."order_items" AS t WHERE t."product_id" IS NOT NULL AND NOT EXISTS (SELECT FROM ONLY "sales"."products" AS r WHERE r."id" = t."product_id")
LIMIT 20;`,
}
const kept: KeptDatabase = {
  ...place,
  database: 'orders_before_20261122_130211',
  there: !scene.has('gone'),
  why: scene.has('gone') ? 'it was dropped or renamed meanwhile' : '',
  size: String(Math.round(4.62 * 1024 ** 3)),
  sessions: 2,
}

export const outcomeSamples = {
  constraints: async ({ jobId }: { jobId: string }) => ({ constraints: jobId === 'errors' ? [constraint] : [] }),
  rows: async () => rows,
  notValid: async () => plan,
  addNotValid: async () => ({ sql: plan.sql }),
  kept: async () => {
    if (!scene.has('unreachable')) return kept
    throw new AppError('postgres', 'Nothing answers at db2.internal:5432.', { hint: 'Check that the server runs.' })
  },
  dropKept: async () => {
    if (!scene.has('used')) return {}
    throw new AppError(
      'conflict',
      `${kept.database} was not dropped: it is in use: psql as postgres from 10.0.0.7 is connected.`,
      { hint: 'Close what uses it, then try again. Nothing was changed.' },
    )
  },
}
