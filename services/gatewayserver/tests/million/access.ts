import type { pageSelect } from '../../src/storage/tables/queries/page-select.ts';
import type { Million } from './database.ts';

/** How an engine goes about a statement, in its own words, and what is wrong with that. */
export type Access = {
  text: string;
  fault: string;
  /** It reads along an index from its end until a page is full. */
  wholeIndex: boolean;
};

/** So many rows may be sorted to find a page: a rare value leaves no more. */
const MOST_SORTED = 10_000;

/** Asks the engine for its plan. */
export async function explain(
  source: Million['source'],
  engine: Million['engine'],
  select: ReturnType<typeof pageSelect>,
): Promise<Access> {
  const [sql, parameters] = select.getQueryAndParameters();
  switch (engine) {
    case 'sqlite': {
      const steps: { detail: string }[] = await source.query(`EXPLAIN QUERY PLAN ${sql}`, parameters);
      return sqliteAccess(steps.map(({ detail }) => detail));
    }
    case 'mysql':
    case 'mariadb': {
      const format = engine === 'mysql' ? 'FORMAT=TRADITIONAL ' : '';
      const [row] = await source.query(`EXPLAIN ${format}${sql}`, parameters);
      return mysqlAccess(row);
    }
    case 'postgres': {
      const [row] = await source.query(`EXPLAIN (FORMAT JSON) ${sql}`, parameters);
      return postgresAccess(row['QUERY PLAN'][0].Plan);
    }
  }
}

function sqliteAccess(steps: string[]): Access {
  const scans = steps.some((step) => /^SCAN /.test(step) && !/USING (COVERING )?INDEX/.test(step));
  const sorts = steps.some((step) => /TEMP B-TREE FOR ORDER BY/.test(step));
  const wholeIndex = steps.some((step) => /^SCAN /.test(step));
  return { text: steps.join('; '), fault: scans ? 'reads everything' : sorts ? 'sorts' : '', wholeIndex };
}

function mysqlAccess(row: { type: string; key: string | null; rows: number | string; Extra: string | null }): Access {
  const extra = row.Extra ?? '';
  const fault =
    row.type === 'ALL' || row.key === null
      ? 'reads everything'
      : /filesort/.test(extra) && Number(row.rows) > MOST_SORTED
        ? 'sorts too much'
        : '';
  return { text: `${row.type} ${row.key} (${extra})`, fault, wholeIndex: row.type === 'index' };
}

type Plan = { 'Node Type': string; 'Index Name'?: string; 'Index Cond'?: string; 'Plan Rows': number; Plans?: Plan[] };

function postgresAccess(plan: Plan): Access {
  const nodes = [plan];
  for (const node of nodes) nodes.push(...(node.Plans ?? []));
  const sorts = nodes.some(
    (node) => node['Node Type'] === 'Sort' && (node.Plans?.[0]?.['Plan Rows'] ?? 0) > MOST_SORTED,
  );
  const scans = nodes.some((node) => node['Node Type'] === 'Seq Scan');
  const text = nodes.map((node) => [node['Node Type'], node['Index Name']].filter(Boolean).join(' ')).join(' < ');
  const wholeIndex = nodes.some((node) => node['Index Name'] !== undefined && node['Index Cond'] === undefined);
  return { text, fault: scans ? 'reads everything' : sorts ? 'sorts too much' : '', wholeIndex };
}
