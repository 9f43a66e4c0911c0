// The sample shop's rows, made by the server itself: the same on every fill, so that two fills can be compared.

export interface RowBatch {
  /** `schema.table` */
  table: string
  rows: number
  /** Rows of one statement: progress and cancel come between statements. */
  batch: number
  /** Inserts the rows number `from` to `to`, counted from 1. */
  insert(from: number, to: number): string
}

/**
 * pick(i, salt, n): a number from 0 to n-1 that looks random and is the same in every run and on every major. random()
 * with setseed would not be: its algorithm changed in PostgreSQL 15. `word` picks from an array in the same way.
 */
export const pickFunctionsSql = `
CREATE FUNCTION pg_temp.pick(i bigint, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
  $$ SELECT ((hashint8extended(i, salt) & 2147483647) % n)::int $$;
CREATE FUNCTION pg_temp.word(i bigint, salt int, words text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT words[1 + ((hashint8extended(i, salt) & 2147483647) % cardinality(words))::int] $$;
`

const counts = {
  categories: 42,
  products: 4_000,
  customers: 30_000,
  notes: 15_000,
  orders: 120_000,
  linesPerOrder: 2,
  movements: 60_000,
}

const firstNames = `ARRAY['Ada','Björn','Chloé','Dmitri','Elena','Farid','Grace','Håkon','Inès','Jürgen','Keiko','Łukasz','Maria','Ngozi','Óscar','Priya','Quinn','Rosa','Søren','Tomáš','Uma','Viktor','Wei','Ximena','Yusuf','Zoë']`
const lastNames = `ARRAY['Andersson','Bianchi','Çelik','Dubois','Eriksen','Fischer','García','Hansen','Ivanova','Jensen','Kowalski','Lindqvist','Müller','Nowak','O''Brien','Papadopoulos','Quispe','Rossi','Schneider','Tanaka','Ueda','van Dijk','Weber','Xu','Yılmaz','Žukauskas']`
const cities = `ARRAY['Amsterdam','Bergen','Córdoba','Dublin','Espoo','Firenze','Göteborg','Helsinki','İzmir','Jena','Kraków','Lisboa','Malmö','Nantes','Ostrava','Porto']`
const countries = `ARRAY['NL','NO','ES','IE','FI','IT','SE','DE','TR','PL','PT','FR','CZ']`
const adjectives = `ARRAY['Sturdy','Quiet','Folding','Classic','Light','Northern','Reusable','Compact','Solid','Waterproof','Striped','Everyday']`
const materials = `ARRAY['Oak','Wool','Steel','Linen','Cork','Copper','Paper','Glass','Canvas','Bamboo','Ceramic','Leather']`
const things = `ARRAY['Lamp','Chair','Kettle','Notebook','Blanket','Bottle','Shelf','Backpack','Clock','Bowl','Desk','Umbrella','Basket','Mug','Stool','Mirror']`
const phrases = `ARRAY['Made to last.','Ships flat and needs no tools.','A favourite of the team.','Wipe clean with a damp cloth.','Comes in recycled packaging.','Fits where others don''t.','Made in small numbers.','Two years of guarantee.']`

const day = (column: string, salt: number) =>
  `timestamptz '2025-01-02 06:00:00+00' + pg_temp.pick(${column}, ${salt}, 54000000) * interval '1 second'`

export const shopRows: readonly RowBatch[] = [
  {
    table: 'shop.categories',
    rows: counts.categories,
    batch: counts.categories,
    insert: (from, to) => `INSERT INTO shop.categories (parent_id, name, position)
      SELECT CASE WHEN i > 6 THEN 1 + (i - 7) % 6 END,
             CASE WHEN i <= 6 THEN (ARRAY['Kitchen','Living','Office','Outdoor','Bathroom','Children'])[i]
                  ELSE pg_temp.word(i, 1, ${materials}) || ' ' || lower(pg_temp.word(i, 2, ${things})) || 's' END, i
      FROM generate_series(${from}, ${to}) AS i`,
  },
  {
    table: 'shop.products',
    rows: counts.products,
    batch: 2_000,
    insert: (
      from,
      to,
    ) => `INSERT INTO shop.products (sku, category_id, name, description, status, price, weight_grams, tags, attributes, created_at)
      SELECT (ARRAY['KIT','LIV','OFF','OUT','BAT','CHI'])[1 + i % 6] || '-' || lpad(i::text, 5, '0'), 7 + i % ${counts.categories - 6},
             concat_ws(' ', pg_temp.word(i, 3, ${adjectives}), pg_temp.word(i, 4, ${materials}), pg_temp.word(i, 5, ${things})),
             concat_ws(' ', pg_temp.word(i, 6, ${phrases}), pg_temp.word(i, 7, ${phrases}), pg_temp.word(i, 8, ${phrases})),
             (ARRAY['active','active','active','active','draft','discontinued'])[1 + pg_temp.pick(i, 9, 6)]::shop.product_status,
             (199 + pg_temp.pick(i, 10, 24800)) / 100.0, CASE WHEN i % 11 <> 0 THEN 40 + pg_temp.pick(i, 11, 9000) END,
             ARRAY[lower(pg_temp.word(i, 4, ${materials})), lower(pg_temp.word(i, 12, ${adjectives}))],
             jsonb_build_object('colour', pg_temp.word(i, 13, ARRAY['red','green','blue','black','white','natural']), 'width_mm', 50 + pg_temp.pick(i, 14, 900), 'fragile', i % 7 = 0),
             ${day('i', 15)}
      FROM generate_series(${from}, ${to}) AS i`,
  },
  {
    table: 'shop."Gift Cards"',
    rows: 200,
    batch: 200,
    insert: (from, to) => `INSERT INTO shop."Gift Cards"
      SELECT upper(substr(md5(i::text), 1, 4) || '-' || substr(md5(i::text), 5, 4)), 10 * (1 + pg_temp.pick(i, 20, 10)),
             CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'With love,\\nfrom "us" \\\\o/' ELSE 'Щасливого дня 🎁' END, i % 3 = 0
      FROM generate_series(${from}, ${to}) AS i`,
  },
  {
    table: 'crm.customers',
    rows: counts.customers,
    batch: 10_000,
    insert: (from, to) => `INSERT INTO crm.customers (email, full_name, phones, address, preferences, birthday, created_at)
      SELECT 'customer' || i || '@example.' || (ARRAY['com','org','net'])[1 + i % 3],
             pg_temp.word(i, 30, ${firstNames}) || ' ' || pg_temp.word(i, 31, ${lastNames}),
             CASE WHEN i % 5 = 0 THEN '{}' ELSE ARRAY['+' || 30 + pg_temp.pick(i, 32, 60) || ' ' || 1000000 + pg_temp.pick(i, 33, 9000000)] END,
             ROW('Street ' || 1 + pg_temp.pick(i, 34, 300), lpad(pg_temp.pick(i, 35, 99999)::text, 5, '0'), pg_temp.word(i, 36, ${cities}), pg_temp.word(i, 37, ${countries}))::crm.postal_address,
             jsonb_build_object('newsletter', i % 3 = 0, 'language', lower(pg_temp.word(i, 37, ${countries}))),
             CASE WHEN i % 4 <> 0 THEN date '1940-01-01' + pg_temp.pick(i, 38, 24000) END, ${day('i', 39)}
      FROM generate_series(${from}, ${to}) AS i`,
  },
  {
    table: 'crm.notes',
    rows: counts.notes,
    batch: counts.notes,
    insert: (from, to) => `INSERT INTO crm.notes (customer_id, author, body, private, written_at)
      SELECT 1 + pg_temp.pick(i, 40, ${counts.customers}), (ARRAY['shop_app','shop_owner'])[1 + i % 2],
             pg_temp.word(i, 41, ARRAY['Asked for a later delivery.','Called about an invoice.','Prefers e-mail.','Returned a broken mug; sent a new one.','Wants to be told when the oak desk is back.']),
             i % 10 = 0, ${day('i', 42)}
      FROM generate_series(${from}, ${to}) AS i`,
  },
  {
    table: 'sales.orders',
    rows: counts.orders,
    batch: 30_000,
    insert: (from, to) => `INSERT INTO sales.orders (customer_id, status, placed_at, shipping, discount_percent, comment)
      SELECT 1 + pg_temp.pick(i, 50, ${counts.customers}),
             (ARRAY['delivered','delivered','delivered','delivered','shipped','packed','paid','placed','returned','cancelled'])[1 + pg_temp.pick(i, 51, 10)]::sales.order_status,
             timestamptz '2025-01-02 06:00:00+00' + i * interval '448 seconds' + pg_temp.pick(i, 52, 400) * interval '1 second',
             jsonb_build_object('carrier', pg_temp.word(i, 53, ARRAY['Bike','Post','Parcel']), 'city', pg_temp.word(i, 54, ${cities})),
             CASE WHEN i % 9 = 0 THEN 10 ELSE 0 END,
             CASE WHEN i % 20 = 0 THEN 'Please leave it with the neighbours.' END
      FROM generate_series(${from}, ${to}) AS i`,
  },
  {
    table: 'sales.order_lines',
    rows: counts.orders * counts.linesPerOrder,
    batch: 60_000,
    insert: (from, to) => `INSERT INTO sales.order_lines (order_id, line_no, product_id, quantity, unit_price)
      SELECT 100001 + (i - 1) / ${counts.linesPerOrder}, 1 + (i - 1) % ${counts.linesPerOrder}, 1 + pg_temp.pick(i, 60, ${counts.products}),
             1 + pg_temp.pick(i, 61, 4), (199 + pg_temp.pick(i, 62, 24800)) / 100.0
      FROM generate_series(${from}, ${to}) AS i`,
  },
  {
    table: 'sales.payments',
    rows: counts.orders,
    batch: 40_000,
    insert: (from, to) => `INSERT INTO sales.payments (id, order_id, method, amount, reference, paid_at)
      SELECT md5('payment ' || i)::uuid, 100000 + i, (ARRAY['card','card','invoice','transfer','voucher'])[1 + pg_temp.pick(i, 70, 5)]::sales.payment_method,
             (500 + pg_temp.pick(i, 71, 60000)) / 100.0, decode(md5(i::text), 'hex'),
             timestamptz '2025-01-02 08:00:00+00' + i * interval '448 seconds'
      FROM generate_series(${from}, ${to}) AS i`,
  },
  {
    table: 'sales.order_events',
    rows: counts.orders * 2,
    batch: 60_000,
    insert: (from, to) => `INSERT INTO sales.order_events (order_id, at, status, detail)
      SELECT 100001 + (i - 1) / 2, timestamptz '2025-01-02 06:00:00+00' + ((i - 1) / 2) * interval '448 seconds' + (i % 2) * interval '9 hours',
             (ARRAY['delivered','placed'])[1 + i % 2]::sales.order_status,
             CASE WHEN i % 2 = 0 THEN jsonb_build_object('carrier', pg_temp.word(i, 80, ARRAY['Bike','Post','Parcel'])) END
      FROM generate_series(${from}, ${to}) AS i`,
  },
  {
    table: 'inventory.warehouses',
    rows: 3,
    batch: 3,
    insert: () => `INSERT INTO inventory.warehouses VALUES
      ('AMS', 'Amsterdam harbour', '(4.90,52.37)'), ('GOT', 'Göteborg', '(11.97,57.71)'), ('KRK', 'Kraków', NULL)`,
  },
  {
    table: 'inventory.stock',
    rows: counts.products * 3,
    batch: counts.products * 3,
    insert: (from, to) => `INSERT INTO inventory.stock
      SELECT (ARRAY['AMS','GOT','KRK'])[1 + i % 3], 1 + (i - 1) / 3, 5 + pg_temp.pick(i, 90, 400), pg_temp.pick(i, 91, 5)
      FROM generate_series(${from}, ${to}) AS i`,
  },
  {
    table: 'inventory.movements',
    rows: counts.movements,
    batch: counts.movements,
    insert: (from, to) => `INSERT INTO inventory.movements (warehouse, product_id, change, reason, at)
      SELECT (ARRAY['AMS','GOT','KRK'])[1 + i % 3], 1 + pg_temp.pick(i, 92, ${counts.products}), pg_temp.pick(i, 93, 40) - 20,
             (ARRAY['sold','delivered','counted','moved'])[1 + i % 4], ${day('i', 94)}
      FROM generate_series(${from}, ${to}) AS i`,
  },
  {
    table: 'inventory.closures',
    rows: 3,
    batch: 3,
    insert: () => `INSERT INTO inventory.closures VALUES
      ('AMS', '[2025-12-24,2025-12-27)', 'Christmas'), ('GOT', '[2026-06-19,2026-06-21)', 'Midsummer'), ('KRK', '[2026-01-01,2026-01-02)', 'New year')`,
  },
  {
    table: 'audit.import_scratch',
    rows: 1_000,
    batch: 1_000,
    insert: (from, to) => `INSERT INTO audit.import_scratch SELECT i, md5(i::text) FROM generate_series(${from}, ${to}) AS i`,
  },
]
