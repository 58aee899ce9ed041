-- SELECT Query: tpch.tiny.nation
WITH a AS (SELECT * FROM nation) SELECT * FROM a

-- SELECT Query: tpch.tiny.nation
WITH a AS (SELECT * FROM nation), b AS (SELECT * FROM a) SELECT * FROM b

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
WITH a (x) AS (SELECT name FROM nation) SELECT x FROM a CROSS JOIN region

-- SELECT Query: tpch.tiny.nation
WITH nation AS (SELECT * FROM nation) SELECT * FROM nation

-- SELECT Query: tpch.tiny.region
WITH nation AS (SELECT * FROM region) SELECT * FROM nation

-- SELECT Query: tpch.tiny.region, tpch.tiny.nation
WITH nation AS (SELECT * FROM region) SELECT * FROM tpch.tiny.nation

-- SELECT Query: tpch.tiny.nation
WITH a AS (SELECT 1 AS x) SELECT * FROM (WITH a AS (SELECT name FROM nation) SELECT * FROM a), a

-- SELECT Query: tpch.tiny.region
WITH a AS (WITH b AS (SELECT * FROM region) SELECT * FROM b) SELECT * FROM a

-- SELECT Query: tpch.tiny.part
SELECT * FROM (WITH part AS (SELECT 1 AS x) SELECT * FROM part) JOIN part ON true

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT name FROM nation WHERE EXISTS (WITH region AS (SELECT 1) SELECT * FROM region) AND regionkey IN (SELECT regionkey FROM region)

-- SELECT Query:
WITH "A b" AS (SELECT 1) SELECT * FROM "a B"

-- SELECT Query:
WITH RECURSIVE t (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t

-- SELECT Query: tpch.tiny.nation
WITH RECURSIVE t (n) AS (SELECT min(nationkey) FROM nation UNION ALL SELECT n + 1 FROM t WHERE n < 3), u AS (SELECT * FROM t) SELECT * FROM u

-- SELECT Query: tpch.tiny.nation
WITH RECURSIVE a AS (SELECT * FROM nation) SELECT * FROM a

-- SELECT Query: tpch.tiny.nation
WITH a AS (TABLE nation), b AS (VALUES 1), c AS ((SELECT name FROM a)) SELECT * FROM c, b

-- SELECT Query: tpch.tiny.nation
WITH a AS (SELECT * FROM nation) TABLE a

-- SELECT Query: tpch.tiny.nation
WITH a AS (SELECT * FROM nation) SELECT * FROM TABLE(exclude_columns(input => TABLE(a), columns => DESCRIPTOR(comment)))

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
WITH a AS (SELECT name FROM nation) SELECT name FROM a UNION SELECT name FROM region ORDER BY name LIMIT 2

-- SELECT Query: tpch.tiny.nation
WITH a AS (SELECT name FROM nation) (SELECT name FROM a) UNION (SELECT name FROM a)

-- SELECT Query: tpch.tiny.nation
WITH x AS (SELECT 1 AS i), y AS (SELECT i FROM x), z AS (SELECT i FROM y) SELECT (SELECT i FROM z), (SELECT count(*) FROM nation)

-- SELECT Query: tpch.sf1.orders, tpch.tiny.customer
WITH orders AS (SELECT custkey FROM tpch.sf1.orders) SELECT c.name FROM customer c JOIN orders ON orders.custkey = c.custkey

-- SELECT Query:
WITH a AS (SELECT * FROM UNNEST(ARRAY[1]) AS t (x)) SELECT * FROM a, LATERAL (SELECT a.x + 1)

-- SELECT Query:
WITH session AS (SELECT 1 AS x) SELECT x FROM session

-- SELECT Query:
WITH function AS (SELECT 2 AS x) SELECT x FROM function

-- SELECT Query:
WITH a AS (SELECT 1 AS x), a2 AS (SELECT * FROM a WHERE x IN (WITH a AS (SELECT 3 AS x) SELECT x FROM a)) SELECT * FROM a2

-- SELECT Query: tpch.tiny.nation
WITH FUNCTION double_it(x bigint) RETURNS bigint RETURN x * 2 SELECT double_it(nationkey) FROM nation

-- SELECT Query: tpch.tiny.region
WITH FUNCTION f(x bigint) RETURNS bigint DETERMINISTIC RETURNS NULL ON NULL INPUT COMMENT 'from here' SECURITY INVOKER BEGIN DECLARE y bigint DEFAULT 1; SET y = x + y; RETURN y; END SELECT f(1) FROM region

-- SELECT Query: tpch.tiny.nation
WITH FUNCTION g(x bigint) RETURNS varchar BEGIN CASE x WHEN 1 THEN RETURN 'a'; ELSE RETURN CASE WHEN x > 3 THEN if(x > 4, 'b', 'c') END; END CASE; END, FUNCTION h() RETURNS integer RETURN 3 SELECT g(1), h() FROM nation

-- SELECT Query: tpch.tiny.region
WITH FUNCTION w(n bigint) RETURNS bigint BEGIN DECLARE i, s bigint DEFAULT 0; top: WHILE i < n DO SET i = i + 1; IF i > 5 THEN LEAVE top; ELSEIF i > 3 THEN ITERATE top; ELSE SET s = s + i; END IF; END WHILE; RETURN s; END WITH a AS (SELECT * FROM region) SELECT w(3) FROM a

-- SELECT Query:
WITH FUNCTION r(n bigint) RETURNS bigint BEGIN DECLARE i bigint DEFAULT 0; REPEAT SET i = i + 1; UNTIL i > n END REPEAT; l: LOOP SET i = i - 1; IF i < 0 THEN LEAVE l; END IF; END LOOP; RETURN i; END SELECT r(2)

-- SELECT Query: tpch.tiny.nation
WITH FUNCTION p(x integer) RETURNS integer LANGUAGE PYTHON WITH (handler = 'p') AS $$
def p(x):
    return x + 1  # FROM nowhere; it's fine
$$ SELECT p(nationkey) FROM nation

-- SELECT Query: tpch.tiny.nation
WITH SESSION query_max_run_time = '1h' SELECT * FROM nation

-- SELECT Query: tpch.tiny.nation
WITH SESSION query_max_run_time = '1h', query_priority = 2 WITH a AS (SELECT * FROM nation) SELECT * FROM a

-- SELECT Query:
SELECT * FROM TABLE(sequence(start => 1, stop => 5))

-- SELECT Query: tpch.tiny.nation
SELECT * FROM TABLE(exclude_columns(input => TABLE(nation), columns => DESCRIPTOR(comment)))

-- SELECT Query: tpch.tiny.orders
SELECT * FROM TABLE(exclude_columns(TABLE(tpch.tiny.orders), DESCRIPTOR(comment, clerk))) AS t

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT t.name FROM TABLE(exclude_columns(input => TABLE(SELECT * FROM nation WHERE regionkey = 1), columns => DESCRIPTOR(comment))) t JOIN region ON true

-- SELECT Query: tpch.tiny.nation | system
SELECT * FROM TABLE(system.builtin.sequence(1, 3)) s (n), nation

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region | my
SELECT * FROM TABLE(my.own.fn(a => TABLE(nation) AS n PARTITION BY regionkey ORDER BY name, b => TABLE(region) PARTITION BY (regionkey) PRUNE WHEN EMPTY COPARTITION (n, region)))

-- SELECT Query: tpch.tiny.orders | my
SELECT * FROM TABLE(my.own.fn(TABLE(orders) KEEP WHEN EMPTY, 3 + 4, DESCRIPTOR(a bigint, b), CAST(NULL AS DESCRIPTOR)))

-- SELECT Query: tpch.tiny.orders
SELECT * FROM orders MATCH_RECOGNIZE (PARTITION BY custkey ORDER BY orderdate MEASURES A.totalprice AS starting, LAST(B.totalprice) AS bottom ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B+ C+) SUBSET U = (B, C) DEFINE B AS totalprice < PREV(totalprice), C AS totalprice > PREV(totalprice)) AS m

-- SELECT Query: tpch.tiny.orders
SELECT m.x FROM (SELECT * FROM orders) AS o MATCH_RECOGNIZE (ORDER BY orderdate MEASURES FINAL count(*) AS x ALL ROWS PER MATCH WITH UNMATCHED ROWS AFTER MATCH SKIP TO FIRST B INITIAL PATTERN (^ (A | B)* {- C -}? PERMUTE (A, B){1,3} $) DEFINE A AS true, B AS B.totalprice > 1)

-- SELECT Query: tpch.tiny.orders
SELECT custkey, m OVER w FROM orders WINDOW w AS (PARTITION BY custkey ORDER BY orderdate MEASURES A.totalprice AS m ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING PATTERN (A B*) DEFINE B AS totalprice > PREV(totalprice))

-- SELECT Query: lake.db.events
SELECT * FROM lake.db.events FOR VERSION AS OF 8954597067493422955

-- SELECT Query: lake.db.events, tpch.tiny.nation
SELECT * FROM lake.db.events FOR TIMESTAMP AS OF TIMESTAMP '2023-01-01 00:00:00' AT TIME ZONE 'UTC' e JOIN nation n ON n.nationkey = e.id

-- SELECT Query: lake.db.events, lake.db.more
SELECT * FROM lake.db.events FOR TIMESTAMP AS OF current_timestamp - INTERVAL '1' DAY AS e, lake.db.more FOR VERSION AS OF 'main'

-- SELECT Query: lake.db.events$snapshots
SELECT * FROM lake.db."events$snapshots"

-- SELECT Query: "odd.catalog".my schema."tab.le"
SELECT * FROM "odd.catalog"."my schema"."tab.le"

-- SELECT Query: tpch.tiny.nation
SELECT lateral.name FROM nation lateral

-- SELECT Query:
SELECT "select" FROM (SELECT 1 AS "select")

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT count(*) FROM nation limit, region offset

-- SELECT Query:
SELECT x.y.z, a.b FROM (SELECT CAST(ROW(ROW(1)) AS row(y row(z bigint))) AS x, CAST(ROW(2) AS row(b bigint)) AS a)

-- SELECT Query: tpch.tiny.nation
SELECT tpch.tiny.nation.name, tiny.nation.regionkey FROM tpch.tiny.nation
