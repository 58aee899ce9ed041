-- SELECT Query:
SELECT 1

-- SELECT Query:
SELECT 1 AS one, 'two' two, "Three" FROM (VALUES 3) AS t ("Three")

-- SELECT Query: tpch.tiny.nation
SELECT * FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT n.* FROM nation n

-- SELECT Query: tpch.tiny.nation
SELECT n.* AS (a, b, c, d) FROM nation AS n

-- SELECT Query: tpch.tiny.nation
SELECT name, regionkey FROM tpch.tiny.nation

-- SELECT Query: tpch.tiny.nation
SELECT name FROM tiny.nation WHERE regionkey = 1

-- SELECT Query: tpch.tiny.nation
SELECT DISTINCT regionkey FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT ALL regionkey FROM nation

-- SELECT Query: tpch.tiny.orders
SELECT count(*) FROM orders WHERE orderdate >= DATE '1995-01-01' AND orderdate < DATE '1995-01-01' + INTERVAL '3' MONTH

-- SELECT Query: tpch.tiny.orders
SELECT count(DISTINCT custkey) FROM orders

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT n.name, r.name FROM nation n, region r WHERE n.regionkey = r.regionkey

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT n.name, r.name FROM nation n JOIN region r ON n.regionkey = r.regionkey

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT n.name, r.name FROM nation n INNER JOIN region r USING (regionkey)

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT n.name, r.name FROM nation n LEFT JOIN region r ON n.regionkey = r.regionkey AND r.name LIKE 'A%'

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT n.name FROM nation n LEFT OUTER JOIN region r USING (regionkey)

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT n.name FROM nation n RIGHT OUTER JOIN region r USING (regionkey)

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT coalesce(n.name, r.name) FROM nation n FULL OUTER JOIN region r USING (regionkey)

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT n.name, r.name FROM nation n CROSS JOIN region r

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT name FROM (nation NATURAL JOIN (SELECT regionkey FROM region))

-- SELECT Query: tpch.tiny.customer, tpch.tiny.orders
SELECT c.name, o.total FROM customer c JOIN (SELECT custkey, sum(totalprice) AS total FROM orders GROUP BY custkey) o ON c.custkey = o.custkey

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT * FROM nation a JOIN nation b JOIN region c ON b.regionkey = c.regionkey ON a.regionkey = c.regionkey

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region, tpch.tiny.customer
SELECT a.name FROM (nation a JOIN region b ON a.regionkey = b.regionkey) JOIN customer c ON c.nationkey = a.nationkey

-- SELECT Query: tpch.tiny.nation
SELECT * FROM ((nation))

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT * FROM ((SELECT name FROM nation) UNION ALL (SELECT name FROM region)) AS names

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT * FROM (((SELECT name FROM nation) x CROSS JOIN region))

-- SELECT Query: tpch.tiny.nation
(SELECT name FROM nation)

-- SELECT Query: tpch.tiny.nation
((SELECT name FROM nation) ORDER BY name LIMIT 3)

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
(SELECT name FROM nation) UNION (SELECT name FROM region) ORDER BY 1

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT name FROM nation UNION ALL SELECT name FROM region UNION DISTINCT SELECT 'x'

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT name FROM nation INTERSECT SELECT name FROM region

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT name FROM nation EXCEPT ALL SELECT name FROM region

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region, tpch.tiny.supplier
SELECT name FROM nation EXCEPT (SELECT name FROM region INTERSECT SELECT name FROM supplier)

-- SELECT Query: tpch.tiny.nation
TABLE nation

-- SELECT Query: tpch.tiny.region
TABLE tpch.tiny.region ORDER BY name

-- SELECT Query: tpch.tiny.nation
TABLE nation UNION TABLE nation

-- SELECT Query:
VALUES 1, 2, 3

-- SELECT Query:
VALUES (1, 'a'), (2, 'b') ORDER BY 1 DESC NULLS LAST

-- SELECT Query: tpch.tiny.nation
SELECT * FROM (VALUES (1, 'a')) AS t (id, name) JOIN nation ON nation.nationkey = t.id

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation ORDER BY regionkey ASC NULLS FIRST, name DESC OFFSET 5 ROWS LIMIT 10

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation OFFSET 2

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation LIMIT ALL

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation FETCH FIRST ROW ONLY

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation ORDER BY name FETCH FIRST 3 ROWS WITH TIES

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation ORDER BY name OFFSET 1 ROW FETCH NEXT 5 ROWS ONLY

-- SELECT Query: tpch.tiny.nation
SELECT regionkey, count(*) FROM nation GROUP BY regionkey HAVING count(*) > 4

-- SELECT Query: tpch.tiny.nation
SELECT regionkey, name, count(*) FROM nation GROUP BY ROLLUP (regionkey, name)

-- SELECT Query: tpch.tiny.nation
SELECT regionkey, name, count(*) FROM nation GROUP BY CUBE (regionkey, name)

-- SELECT Query: tpch.tiny.nation
SELECT regionkey, name, grouping(regionkey, name) FROM nation GROUP BY GROUPING SETS ((regionkey, name), (regionkey), ())

-- SELECT Query: tpch.tiny.nation
SELECT regionkey, count(*) FROM nation GROUP BY ALL regionkey, ()

-- SELECT Query: tpch.tiny.nation
SELECT 1 FROM nation GROUP BY ()

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT name FROM nation WHERE regionkey IN (SELECT regionkey FROM region WHERE name = 'ASIA')

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation WHERE regionkey NOT IN (1, 2, 3)

-- SELECT Query: tpch.tiny.nation, tpch.tiny.customer
SELECT name FROM nation n WHERE EXISTS (SELECT 1 FROM customer c WHERE c.nationkey = n.nationkey)

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT name FROM nation WHERE regionkey = (SELECT max(regionkey) FROM region)

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT name FROM nation WHERE regionkey >= ALL (SELECT regionkey FROM region)

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation WHERE regionkey = ANY (VALUES 1, 2)

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT name FROM nation WHERE regionkey <> SOME (TABLE region)

-- SELECT Query: tpch.tiny.region, tpch.tiny.nation
SELECT (SELECT count(*) FROM region), (SELECT name FROM nation LIMIT 1)

-- SELECT Query: tpch.tiny.region, tpch.tiny.nation
SELECT CASE WHEN (SELECT count(*) FROM region) > 3 THEN 'many' ELSE 'few' END FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT CASE regionkey WHEN 0 THEN 'a' WHEN 1 THEN 'b' END FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT array_agg(name ORDER BY name DESC) FILTER (WHERE regionkey > 1) FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT listagg(name, ', ' ON OVERFLOW TRUNCATE '...' WITH COUNT) WITHIN GROUP (ORDER BY name) FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT listagg(name) WITHIN GROUP (ORDER BY name) FROM nation GROUP BY regionkey

-- SELECT Query: tpch.tiny.nation
SELECT name, rank() OVER (PARTITION BY regionkey ORDER BY name) FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT sum(nationkey) OVER (ORDER BY nationkey ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT avg(nationkey) OVER (ORDER BY nationkey RANGE BETWEEN 2 PRECEDING AND 2 FOLLOWING) FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT count(*) OVER w, sum(nationkey) OVER (w ORDER BY name) FROM nation WINDOW w AS (PARTITION BY regionkey)

-- SELECT Query: tpch.tiny.nation
SELECT lag(name, 1) IGNORE NULLS OVER (ORDER BY nationkey) FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT first_value(name) RESPECT NULLS OVER (ORDER BY nationkey GROUPS CURRENT ROW) FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT n FROM nation CROSS JOIN UNNEST(ARRAY[1, 2]) AS t (n)

-- SELECT Query:
SELECT a, b FROM UNNEST(ARRAY[1, 2], ARRAY['x']) WITH ORDINALITY AS t (a, b, o)

-- SELECT Query: tpch.tiny.nation
SELECT * FROM UNNEST((SELECT array_agg(name) FROM nation)) AS t (name)

-- SELECT Query: tpch.tiny.nation, tpch.tiny.customer
SELECT * FROM nation CROSS JOIN LATERAL (SELECT count(*) FROM customer WHERE customer.nationkey = nation.nationkey)

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT * FROM nation n LEFT JOIN LATERAL (SELECT * FROM region r WHERE r.regionkey = n.regionkey) ON true

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation TABLESAMPLE BERNOULLI (10)

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation AS n TABLESAMPLE SYSTEM (25.5) WHERE regionkey = 1

-- SELECT Query: tpch.tiny.nation
SELECT transform(ARRAY[1, 2, 3], x -> x + 1) FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT reduce(ARRAY[1, 2], 0, (s, x) -> s + x, s -> s), name FROM nation

-- SELECT Query:
SELECT map_filter(MAP(ARRAY['a'], ARRAY[1]), (k, v) -> v > 0)

-- SELECT Query: tpch.tiny.nation
SELECT CAST(name AS varchar(10)), TRY_CAST(nationkey AS row(a bigint, b array(varchar))) FROM nation

-- SELECT Query:
SELECT CAST(ROW(1, 2.0) AS ROW(x BIGINT, y DOUBLE)).x

-- SELECT Query: tpch.tiny.orders
SELECT extract(YEAR FROM orderdate), extract(quarter FROM orderdate) FROM orders

-- SELECT Query: tpch.tiny.nation
SELECT trim(BOTH ' ' FROM name), trim(LEADING FROM name), trim(name), substring(name FROM 1 FOR 3), substring(name, 2) FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT position('A' IN name), normalize(name, NFKC), name || '-' || comment FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT ARRAY[nationkey, regionkey][1], name AS "na""me" FROM nation

-- SELECT Query:
SELECT current_date, current_timestamp(3), localtime, current_user, current_catalog, current_schema

-- SELECT Query:
SELECT TIMESTAMP '2020-01-01 00:00:00' AT TIME ZONE 'Europe/Vienna', TIME '10:00', INTERVAL '2' DAY, INTERVAL '1-2' YEAR TO MONTH, INTERVAL - '3' HOUR

-- SELECT Query: tpch.tiny.orders
SELECT orderdate - INTERVAL '1' DAY d FROM orders

-- SELECT Query:
SELECT X'65683F', U&'d\0061t\+000061', U&'d!0061ta' UESCAPE '!', 1_000, 0xFF, 0b101, 0o17, 1e10, .5, 2., DECIMAL '1.5', CHAR 'a', DOUBLE PRECISION '1.5'

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation WHERE name LIKE 'A!_%' ESCAPE '!' AND name IS NOT NULL AND regionkey IS DISTINCT FROM 3

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation WHERE regionkey IS NOT DISTINCT FROM nationkey OR NOT (nationkey BETWEEN 3 AND 5)

-- SELECT Query: tpch.tiny.nation
SELECT -nationkey, +regionkey, nationkey % 2, nationkey * -1 FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT if(nationkey > 3, 'big', 'small'), nullif(regionkey, 1), coalesce(name, 'x'), try(1 / nationkey) FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT grouping(regionkey) FROM nation GROUP BY regionkey

-- SELECT Query: tpch.tiny.nation
SELECT json_exists(comment, 'lax $.a'), json_value(comment, 'lax $.b' RETURNING bigint DEFAULT 0 ON EMPTY NULL ON ERROR), json_query(comment, 'lax $.c' WITH ARRAY WRAPPER) FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT json_query(comment, 'strict $.d' PASSING nationkey AS k RETURNING varchar WITHOUT ARRAY WRAPPER OMIT QUOTES ON SCALAR STRING EMPTY ARRAY ON EMPTY) FROM nation

-- SELECT Query: tpch.tiny.nation
SELECT json_object('a' : nationkey, KEY 'b' VALUE name ABSENT ON NULL WITH UNIQUE KEYS), json_array(1, name NULL ON NULL) FROM nation

-- SELECT Query:
SELECT * FROM JSON_TABLE('[1, 2]', 'lax $[*]' AS root COLUMNS (n FOR ORDINALITY, v bigint PATH 'lax $' DEFAULT 0 ON ERROR, NESTED PATH 'lax $.x' COLUMNS (y varchar)))

-- SELECT Query: tpch.tiny.nation
SELECT t.v FROM nation, JSON_TABLE(comment, 'lax $' AS a COLUMNS (v varchar, NESTED PATH 'lax $.p' AS p COLUMNS (w bigint)) PLAN (a OUTER p)) AS t

-- SELECT Query:
SELECT t.v FROM JSON_TABLE('{}', 'lax $' COLUMNS (v varchar, NESTED 'lax $.p' COLUMNS (w bigint), NESTED 'lax $.q' COLUMNS (z bigint)) PLAN DEFAULT (OUTER, UNION) ERROR ON ERROR) AS t

-- SELECT Query: tpch.tiny.nation
SELECT /* a comment; FROM nowhere */ name -- FROM nothing
FROM /**/ nation

-- SELECT Query: tpch.tiny.nation
SELECT 'FROM a JOIN b', "name" FROM "nation" WHERE comment <> '-- it''s /* no comment'

-- SELECT Query: tpch.tiny.nation
select N.NAME from TPCH.Tiny.NATION as N where n.REGIONKEY=1

-- SELECT Query: tpch.tiny.nation
SELECT "n"."name" FROM "tpch"."tiny"."nation" AS "n"

-- SELECT Query:
SELECT limit, offset, fetch, filter FROM (SELECT 1 limit, 2 offset, 3 fetch, 4 filter)

-- SELECT Query: tpch.tiny.region
SELECT nation FROM (SELECT name AS nation FROM region)

-- SELECT Query:
SELECT date, time, year, month FROM (SELECT DATE '2020-01-01' AS date, TIME '01:00' AS time, 1 AS year, 2 AS month)

-- SELECT Query: tpch.tiny.nation
SELECT nation.name FROM nation WHERE nation.name IN ('FRANCE', 'GERMANY') AND (regionkey, nationkey) = (3, 7)

-- SELECT Query: tpch.tiny.nation
SELECT ROW(nationkey, name) FROM nation WHERE (regionkey, nationkey) IN (SELECT regionkey, nationkey FROM nation)

-- SELECT Query: tpch.tiny.lineitem, tpch.tiny.orders, tpch.tiny.customer, tpch.tiny.part, tpch.tiny.supplier, tpch.tiny.partsupp
SELECT count(*) AS c FROM lineitem l JOIN orders o ON l.orderkey = o.orderkey JOIN customer c ON o.custkey = c.custkey JOIN part p ON p.partkey = l.partkey JOIN supplier s ON s.suppkey = l.suppkey JOIN partsupp ps ON ps.partkey = p.partkey AND ps.suppkey = s.suppkey

-- SELECT Query: tpch.information_schema.tables
SELECT * FROM information_schema.tables WHERE table_schema = 'tiny'

-- SELECT Query: system.runtime.queries
SELECT * FROM system.runtime.queries

-- SELECT Query: system.runtime.nodes
SELECT node_id FROM system.runtime.nodes

-- SELECT Query: tpch.sf1.orders, tpch.tiny.lineitem
SELECT * FROM tpch.sf1.orders o WHERE o.orderkey < 10 AND NOT EXISTS (SELECT * FROM tpch.tiny.lineitem WHERE orderkey = o.orderkey)

-- SELECT Query: tpch.tiny.orders, tpch.tiny.nation
SELECT format('%s', name), date_trunc('day', orderdate), row_number() OVER () FROM orders, nation

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT sum(x) FROM (SELECT nationkey AS x FROM nation UNION SELECT regionkey FROM region)

-- SELECT Query: tpch.tiny.nation, tpch.tiny.customer, tpch.tiny.orders
SELECT count_if(x.name IS NULL) FROM (SELECT name FROM nation WHERE nationkey IN (SELECT nationkey FROM customer WHERE custkey IN (SELECT custkey FROM orders))) x

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT name AS n FROM nation ORDER BY (SELECT max(name) FROM region), n

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT max_by(name, nationkey) FROM nation GROUP BY regionkey HAVING max(nationkey) > (SELECT avg(regionkey) FROM region)

-- SELECT Query: tpch.tiny.orders
SELECT approx_percentile(totalprice, ARRAY[0.5, 0.9]) FROM orders

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation WHERE regionkey IN (SELECT 1 UNION SELECT 2) AND name > 'A'

-- SELECT Query: tpch.tiny.nation
SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT * FROM nation)))
