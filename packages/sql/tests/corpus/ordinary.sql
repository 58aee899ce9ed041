-- SELECT Query: tpch.tiny.lineitem
SELECT l.returnflag, l.linestatus, sum(l.quantity) AS total_quantity, sum(l.extendedprice) AS base_price, sum(l.extendedprice * (1 - l.discount)) AS discounted, sum(l.extendedprice * (1 - l.discount) * (1 + l.tax)) AS charged, avg(l.quantity) AS mean_quantity, avg(l.extendedprice) AS mean_price, count(*) AS lines FROM lineitem AS l WHERE l.shipdate <= DATE '1998-09-02' GROUP BY l.returnflag, l.linestatus ORDER BY l.returnflag, l.linestatus

-- SELECT Query: tpch.tiny.part, tpch.tiny.partsupp, tpch.tiny.supplier, tpch.tiny.nation, tpch.tiny.region
SELECT s.acctbal, s.name, n.name AS nation, p.partkey, p.mfgr, s.address, s.phone, s.comment FROM part p JOIN partsupp ps ON p.partkey = ps.partkey JOIN supplier s ON s.suppkey = ps.suppkey JOIN nation n ON s.nationkey = n.nationkey JOIN region r ON n.regionkey = r.regionkey WHERE p.size = 15 AND p.type LIKE '%BRASS' AND r.name = 'EUROPE' AND ps.supplycost = (SELECT min(x.supplycost) FROM partsupp x JOIN supplier y ON y.suppkey = x.suppkey JOIN nation z ON z.nationkey = y.nationkey WHERE x.partkey = p.partkey) ORDER BY s.acctbal DESC, n.name, s.name LIMIT 100

-- SELECT Query: tpch.tiny.lineitem, tpch.tiny.supplier
WITH revenue AS (SELECT l.suppkey AS supplier_no, sum(l.extendedprice * (1 - l.discount)) AS total FROM lineitem l WHERE l.shipdate >= DATE '1996-01-01' AND l.shipdate < DATE '1996-01-01' + INTERVAL '3' MONTH GROUP BY l.suppkey), best AS (SELECT max(total) AS total FROM revenue) SELECT s.suppkey, s.name, s.address, s.phone, r.total FROM supplier s JOIN revenue r ON s.suppkey = r.supplier_no JOIN best b ON b.total = r.total ORDER BY s.suppkey

-- SELECT Query: tpch.tiny.orders
SELECT "source"."orderdate" AS "orderdate", "source"."sum" AS "sum" FROM (SELECT date_trunc('month', "tpch"."tiny"."orders"."orderdate") AS "orderdate", sum("tpch"."tiny"."orders"."totalprice") AS "sum" FROM "tpch"."tiny"."orders" WHERE "tpch"."tiny"."orders"."orderstatus" = 'F' GROUP BY date_trunc('month', "tpch"."tiny"."orders"."orderdate")) "source" WHERE "source"."sum" > 1000 ORDER BY "source"."orderdate" ASC LIMIT 2000

-- SELECT Query: tpch.tiny.orders
SELECT CASE WHEN o.orderpriority IN ('1-URGENT', '2-HIGH') THEN 'high' WHEN o.orderpriority = '3-MEDIUM' THEN 'medium' ELSE 'low' END AS urgency, year(o.orderdate) AS order_year, count(DISTINCT o.custkey) AS customers, sum(o.totalprice) AS revenue, sum(sum(o.totalprice)) OVER (PARTITION BY year(o.orderdate) ORDER BY sum(o.totalprice) DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running FROM orders o WHERE o.orderdate BETWEEN DATE '1994-01-01' AND DATE '1996-12-31' GROUP BY 1, 2 HAVING count(*) > 10 ORDER BY order_year, revenue DESC

-- INSERT Insert: memory.default.daily_revenue, tpch.tiny.customer, tpch.tiny.orders, tpch.tiny.lineitem, tpch.tiny.nation
INSERT INTO memory.default.daily_revenue (day, nation, customers, revenue) SELECT o.orderdate, n.name, count(DISTINCT c.custkey), sum(l.extendedprice * (1 - l.discount)) FROM customer c JOIN orders o ON o.custkey = c.custkey JOIN lineitem l ON l.orderkey = o.orderkey JOIN nation n ON n.nationkey = c.nationkey WHERE o.orderdate >= DATE '1997-01-01' AND l.returnflag <> 'R' GROUP BY o.orderdate, n.name

-- INSERT CreateTableAsSelect: memory.default.customer_segments, tpch.tiny.orders, tpch.tiny.customer
CREATE TABLE memory.default.customer_segments AS WITH spent AS (SELECT custkey, sum(totalprice) AS total, max(orderdate) AS latest FROM orders GROUP BY custkey) SELECT c.custkey, c.name, c.mktsegment, coalesce(s.total, 0) AS total, ntile(5) OVER (ORDER BY coalesce(s.total, 0) DESC) AS bucket, date_diff('day', s.latest, DATE '1998-08-02') AS days_since FROM customer c LEFT JOIN spent s ON s.custkey = c.custkey WHERE c.acctbal > 0

-- MERGE Merge: memory.default.stock, tpch.tiny.partsupp
MERGE INTO memory.default.stock AS target USING (SELECT partkey, suppkey, sum(availqty) AS quantity, min(supplycost) AS cost FROM partsupp GROUP BY partkey, suppkey) AS source ON target.partkey = source.partkey AND target.suppkey = source.suppkey WHEN MATCHED AND source.quantity = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET quantity = source.quantity, cost = least(target.cost, source.cost) WHEN NOT MATCHED THEN INSERT (partkey, suppkey, quantity, cost) VALUES (source.partkey, source.suppkey, source.quantity, source.cost)

-- SELECT Query: tpch.tiny.orders, tpch.tiny.lineitem
SELECT o.orderkey, o.custkey, o.totalprice, l.lines FROM orders o CROSS JOIN LATERAL (SELECT count(*) AS lines FROM lineitem x WHERE x.orderkey = o.orderkey AND x.shipmode IN ('AIR', 'REG AIR', 'TRUCK')) l WHERE o.orderstatus IN ('O', 'P') AND NOT EXISTS (SELECT 1 FROM lineitem y WHERE y.orderkey = o.orderkey AND y.commitdate < y.receiptdate) ORDER BY o.totalprice DESC FETCH FIRST 50 ROWS ONLY

-- SELECT Query: tpch.tiny.part, tpch.tiny.supplier, tpch.tiny.lineitem, tpch.tiny.partsupp, tpch.tiny.orders, tpch.tiny.nation
SELECT nation, order_year, sum(profit) AS total FROM (SELECT n.name AS nation, extract(YEAR FROM o.orderdate) AS order_year, l.extendedprice * (1 - l.discount) - ps.supplycost * l.quantity AS profit FROM part p, supplier s, lineitem l, partsupp ps, orders o, nation n WHERE s.suppkey = l.suppkey AND ps.suppkey = l.suppkey AND ps.partkey = l.partkey AND p.partkey = l.partkey AND o.orderkey = l.orderkey AND s.nationkey = n.nationkey AND p.name LIKE '%green%') AS per_line GROUP BY nation, order_year ORDER BY nation, order_year DESC

-- SELECT Query: tpch.tiny.customer, tpch.tiny.orders, tpch.tiny.lineitem, tpch.tiny.nation
/* dashboard: returns; owner: data team */ SELECT c.custkey, c.name, sum(l.extendedprice * (1 - l.discount)) AS lost, c.acctbal, n.name AS nation, c.address, c.phone FROM tpch.tiny.customer AS c INNER JOIN tpch.tiny.orders AS o ON c.custkey = o.custkey INNER JOIN tpch.tiny.lineitem AS l ON l.orderkey = o.orderkey INNER JOIN tpch.tiny.nation AS n ON c.nationkey = n.nationkey WHERE o.orderdate >= CAST('1993-10-01' AS date) AND o.orderdate < CAST('1994-01-01' AS date) AND l.returnflag = 'R' GROUP BY c.custkey, c.name, c.acctbal, c.phone, n.name, c.address HAVING sum(l.quantity) > 5 ORDER BY lost DESC LIMIT 20

-- SELECT Query: tpch.information_schema.columns
SELECT table_schema, table_name, count(*) AS columns, array_join(array_agg(column_name ORDER BY ordinal_position), ', ') AS names FROM tpch.information_schema.columns WHERE table_schema NOT IN ('information_schema', 'sf1000') AND lower(table_name) LIKE 'part%' ESCAPE '\' GROUP BY table_schema, table_name ORDER BY 1, 2

-- SELECT Query: tpch.tiny.orders, tpch.tiny.lineitem
SELECT shipmode, sum(if(o.orderpriority = '1-URGENT' OR o.orderpriority = '2-HIGH', 1, 0)) AS high_lines, sum(if(o.orderpriority <> '1-URGENT' AND o.orderpriority <> '2-HIGH', 1, 0)) AS low_lines FROM orders o, lineitem l WHERE o.orderkey = l.orderkey AND l.shipmode IN ('MAIL', 'SHIP') AND l.commitdate < l.receiptdate AND l.shipdate < l.commitdate AND l.receiptdate >= DATE '1994-01-01' AND l.receiptdate < DATE '1995-01-01' GROUP BY shipmode ORDER BY shipmode

-- SELECT Query: tpch.tiny.supplier, tpch.tiny.partsupp, tpch.tiny.lineitem, tpch.tiny.nation
SELECT x.suppkey, x.name, y.parts FROM supplier x JOIN (SELECT suppkey, count(*) AS parts FROM partsupp WHERE availqty > (SELECT 0.5 * sum(quantity) FROM lineitem WHERE lineitem.partkey = partsupp.partkey) GROUP BY suppkey UNION ALL SELECT suppkey, 0 FROM supplier WHERE acctbal < 0) y ON x.suppkey = y.suppkey WHERE x.nationkey IN (SELECT nationkey FROM nation WHERE name IN ('CANADA', 'FRANCE', 'GERMANY', 'JAPAN', 'KENYA')) EXCEPT SELECT suppkey, name, 0 FROM supplier WHERE phone LIKE '1%'

-- UPDATE Update: memory.default.accounts, tpch.tiny.orders
UPDATE memory.default.accounts SET status = 'dormant', changed = current_timestamp, reason = concat('no orders since ', CAST(DATE '1995-01-01' AS varchar)) WHERE custkey NOT IN (SELECT custkey FROM orders WHERE orderdate >= DATE '1995-01-01') AND status = 'active' AND balance BETWEEN -100.00 AND 100.00
