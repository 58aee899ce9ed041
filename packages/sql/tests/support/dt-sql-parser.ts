import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);

/** A node of the parser's tree: a rule by the name of its class, or a token. */
type Node = { constructor: { name: string }; children?: Node[]; getText: () => string };
type Parser = { parse: (sql: string, onError: (error: unknown) => void) => Node };

/** What dt-sql-parser makes of a statement. */
export type Verdict = {
  /** The label of the grammar's alternative, for example InsertInto. */
  label: string;
  /** As they are written, in small letters, without the names of WITH. */
  names: string[];
};

/** Its modules cannot be imported as they are: they are bundled first. Answers undefined for a statement that it refuses. */
export async function dtSqlParser(): Promise<(sql: string) => Verdict | undefined> {
  const bundled = await build({
    entryPoints: [require.resolve('dt-sql-parser/dist/parser/trino/index.js')],
    ...{ bundle: true, format: 'esm', platform: 'node', write: false, keepNames: true },
  });
  const folder = await mkdtemp(join(tmpdir(), 'dt-sql-parser-'));
  const file = join(folder, 'parser.mjs');
  await writeFile(file, bundled.outputFiles[0]?.text ?? '');
  const { TrinoSQL } = (await import(pathToFileURL(file).href)) as { TrinoSQL: new () => Parser };
  await rm(folder, { recursive: true });
  const parser = new TrinoSQL();
  return (sql) => {
    let errors = 0;
    const tree = parser.parse(sql, () => {
      errors += 1;
    });
    const statement = tree.children?.[0]?.children?.[0]?.children?.[0];
    if (errors > 0 || statement === undefined) return undefined;
    const names = new Set<string>();
    collect(statement, new Set(), names);
    return { label: rule(statement), names: [...names] };
  };
}

const rule = (node: Node) => node.constructor.name.replace(/Context$/, '');

const TABLES = new Set(['TableRef', 'TableNameCreate', 'ViewRef', 'ViewNameCreate']);

/** Tables below a node; a name of WITH is one from its definition on, within its query. */
function collect(node: Node, named: Set<string>, names: Set<string>): void {
  if (TABLES.has(rule(node))) {
    const name = node.getText().toLowerCase();
    if (!named.has(name.replaceAll('"', ''))) names.add(name);
    return;
  }
  const children = node.children ?? [];
  const scope = rule(node) === 'QueryStatement' ? new Set(named) : named;
  for (const child of children) {
    if (rule(child) === 'With') namedQueries(child, scope, names);
    else collect(child, scope, names);
  }
}

function namedQueries(node: Node, scope: Set<string>, names: Set<string>): void {
  const isRecursive = node.children?.some((child) => child.getText().toUpperCase() === 'RECURSIVE') ?? false;
  for (const query of node.children ?? []) {
    if (rule(query) !== 'NamedQuery') continue;
    const name = query.children?.[0]?.getText().toLowerCase().replaceAll('"', '') ?? '';
    const inside = new Set(scope);
    if (isRecursive) inside.add(name);
    collect(query, inside, names);
    scope.add(name);
  }
}
