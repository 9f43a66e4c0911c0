// The sample shop's keys, indexes, functions, triggers, views and rights: added after the rows, as a restore does it.

export const shopKeysSql = `
ALTER TABLE shop.categories ADD PRIMARY KEY (id);
ALTER TABLE shop.categories ADD FOREIGN KEY (parent_id) REFERENCES shop.categories;
ALTER TABLE shop.products ADD PRIMARY KEY (id), ADD UNIQUE (sku);
ALTER TABLE shop.products ADD FOREIGN KEY (category_id) REFERENCES shop.categories;
CREATE INDEX products_search ON shop.products USING gin (search);
CREATE INDEX products_attributes ON shop.products USING gin (attributes jsonb_path_ops);
CREATE INDEX products_active_price ON shop.products (price) WHERE status = 'active';
ALTER TABLE shop.product_manuals ADD PRIMARY KEY (product_id, language);
ALTER TABLE shop.product_manuals ADD FOREIGN KEY (product_id) REFERENCES shop.products ON DELETE CASCADE;
ALTER TABLE shop."Gift Cards" ADD PRIMARY KEY ("Card No.");
ALTER TABLE crm.customers ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX customers_email_lower ON crm.customers (lower(email));
CREATE STATISTICS crm.customers_dates ON created_at, birthday FROM crm.customers;
ALTER TABLE crm.notes ADD PRIMARY KEY (id);
ALTER TABLE crm.notes ADD FOREIGN KEY (customer_id) REFERENCES crm.customers ON DELETE CASCADE;
CREATE INDEX notes_customer ON crm.notes (customer_id) INCLUDE (written_at);
ALTER TABLE inventory.warehouses ADD PRIMARY KEY (code);
ALTER TABLE inventory.stock ADD PRIMARY KEY (warehouse, product_id);
ALTER TABLE inventory.stock ADD FOREIGN KEY (warehouse) REFERENCES inventory.warehouses, ADD FOREIGN KEY (product_id) REFERENCES shop.products;
ALTER TABLE inventory.movements ADD PRIMARY KEY (id);
CREATE INDEX movements_at ON inventory.movements USING brin (at);
ALTER TABLE inventory.closures ADD FOREIGN KEY (warehouse) REFERENCES inventory.warehouses;
ALTER TABLE inventory.closures ADD CONSTRAINT closures_apart EXCLUDE USING gist (days WITH &&);
ALTER TABLE audit.changes ADD PRIMARY KEY (id);
`

/** Only where the extension pg_trgm is there; it lies in public. */
export const shopTrigramSql = `
CREATE INDEX products_name_trigrams ON shop.products USING gin (name public.gin_trgm_ops);
`

export const shopSalesKeysSql = `
ALTER TABLE sales.orders ADD PRIMARY KEY (id);
ALTER TABLE sales.orders ADD FOREIGN KEY (customer_id) REFERENCES crm.customers;
CREATE INDEX orders_customer ON sales.orders (customer_id);
CREATE INDEX orders_placed_at ON sales.orders (placed_at DESC);
ALTER TABLE sales.order_lines ADD PRIMARY KEY (order_id, line_no);
ALTER TABLE sales.order_lines ADD FOREIGN KEY (order_id) REFERENCES sales.orders ON DELETE CASCADE, ADD FOREIGN KEY (product_id) REFERENCES shop.products;
CREATE INDEX order_lines_product ON sales.order_lines (product_id);
ALTER TABLE sales.payments ADD PRIMARY KEY (id);
ALTER TABLE sales.payments ADD FOREIGN KEY (order_id) REFERENCES sales.orders DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE sales.order_events ADD PRIMARY KEY (id, at);
ALTER TABLE sales.order_events ADD FOREIGN KEY (order_id) REFERENCES sales.orders ON DELETE CASCADE;
CREATE INDEX order_events_order ON sales.order_events (order_id);
`

export const shopFunctionsSql = `
CREATE FUNCTION toolbox.with_vat(net numeric, percent numeric DEFAULT 21) RETURNS numeric
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT round(net * (1 + percent / 100), 2) $$;
CREATE FUNCTION toolbox.slug(title text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT trim(BOTH '-' FROM regexp_replace(lower(title), '[^a-z0-9]+', '-', 'g')) $$;
CREATE FUNCTION toolbox.quarter_of(at timestamptz, OUT year int, OUT quarter int) LANGUAGE sql STABLE AS
  $$ SELECT extract(year FROM at)::int, extract(quarter FROM at)::int $$;
CREATE AGGREGATE toolbox.product_of (numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1');
CREATE PROCEDURE toolbox.refresh_reports() LANGUAGE plpgsql AS $$
BEGIN
  REFRESH MATERIALIZED VIEW reporting.daily_sales;
END $$;
COMMENT ON FUNCTION toolbox.slug(text) IS 'Oak Desk & Chair becomes oak-desk-chair';

CREATE FUNCTION audit.record_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO audit.changes (relation, operation, before, after)
  VALUES (TG_RELID, TG_OP, CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
  RETURN NULL;
END $$;
CREATE TRIGGER products_audit AFTER INSERT OR UPDATE OR DELETE ON shop.products FOR EACH ROW EXECUTE FUNCTION audit.record_change();
CREATE TRIGGER customers_audit AFTER UPDATE OR DELETE ON crm.customers FOR EACH ROW EXECUTE FUNCTION audit.record_change();
CREATE FUNCTION sales.note_status_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO sales.order_events (order_id, at, status) VALUES (NEW.id, now(), NEW.status);
  RETURN NEW;
END $$;
CREATE TRIGGER orders_status_event AFTER UPDATE OF status ON sales.orders FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION sales.note_status_change();
CREATE FUNCTION inventory.apply_movement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE inventory.stock SET on_hand = greatest(0, on_hand + NEW.change), reserved = least(reserved, greatest(0, on_hand + NEW.change))
  WHERE warehouse = NEW.warehouse AND product_id = NEW.product_id;
  RETURN NEW;
END $$;
CREATE TRIGGER movements_apply AFTER INSERT ON inventory.movements FOR EACH ROW EXECUTE FUNCTION inventory.apply_movement();

-- Something for the audit to show, at a fixed time, so that two fills are equal.
UPDATE shop.products SET price = price + 1 WHERE id <= 500;
UPDATE audit.changes SET at = '2026-10-01 09:00:00+00';
`

export const shopViewsSql = `
CREATE VIEW reporting.open_orders AS
  SELECT o.id, c.full_name, o.status, o.placed_at
  FROM sales.orders o JOIN crm.customers c ON c.id = o.customer_id
  WHERE o.status IN ('placed', 'paid', 'packed');
CREATE VIEW reporting.category_paths AS
  WITH RECURSIVE paths AS (
    SELECT id, name, name AS path FROM shop.categories WHERE parent_id IS NULL
    UNION ALL
    SELECT c.id, c.name, p.path || ' / ' || c.name FROM shop.categories c JOIN paths p ON p.id = c.parent_id)
  SELECT * FROM paths;
CREATE MATERIALIZED VIEW reporting.daily_sales AS
  SELECT (o.placed_at AT TIME ZONE 'UTC')::date AS day, count(DISTINCT o.id) AS orders, sum(l.line_total) AS revenue,
         toolbox.with_vat(sum(l.line_total)) AS revenue_with_vat
  FROM sales.orders o JOIN sales.order_lines l ON l.order_id = o.id
  WHERE o.status NOT IN ('cart', 'cancelled')
  GROUP BY 1;
CREATE UNIQUE INDEX daily_sales_day ON reporting.daily_sales (day);
COMMENT ON MATERIALIZED VIEW reporting.daily_sales IS 'Refreshed by toolbox.refresh_reports()';
CREATE VIEW reporting.best_sellers WITH (security_barrier) AS
  SELECT p.id, p.name, sum(l.quantity) AS sold, sum(l.line_total) AS revenue
  FROM shop.products p JOIN sales.order_lines l ON l.product_id = p.id
  GROUP BY p.id, p.name;
`

export const shopRightsSql = `
GRANT USAGE ON SCHEMA shop, crm, sales, inventory, reporting, toolbox TO shop_readonly;
GRANT SELECT ON ALL TABLES IN SCHEMA shop, sales, inventory, reporting TO shop_readonly;
GRANT SELECT (id, full_name, created_at) ON crm.customers TO shop_readonly;
GRANT SELECT ON crm.notes TO shop_readonly;
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop, crm, sales, inventory TO shop_app;
GRANT SELECT ON crm.customers TO shop_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA shop, crm, sales, inventory TO shop_app;
REVOKE EXECUTE ON PROCEDURE toolbox.refresh_reports() FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE toolbox.refresh_reports() TO shop_app WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES IN SCHEMA reporting GRANT SELECT ON TABLES TO shop_readonly;
ALTER TABLE crm.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY notes_public ON crm.notes FOR SELECT TO shop_readonly USING (NOT private);
CREATE POLICY notes_own ON crm.notes TO shop_app USING (author = current_user) WITH CHECK (author = current_user);
RESET ROLE;
`

/** Fixed numbers, so that two fills are equal. About 150 kB each: several pages of pg_largeobject. */
export const shopManualsSql = `
SELECT lo_from_bytea(910001, convert_to(repeat(E'1. Unpack the desk.\\n2. Keep this manual.\\n', 3500), 'UTF8'));
SELECT lo_from_bytea(910002, (SELECT string_agg(decode(md5(i::text), 'hex'), '' ORDER BY i) FROM generate_series(1, 9000) AS i));
COMMENT ON LARGE OBJECT 910001 IS 'Manual of product 1';
ALTER LARGE OBJECT 910001 OWNER TO shop_owner;
ALTER LARGE OBJECT 910002 OWNER TO shop_owner;
GRANT SELECT ON LARGE OBJECT 910001, 910002 TO shop_readonly;
INSERT INTO shop.product_manuals VALUES (1, 'en', 910001), (2, 'en', 910002);
`
