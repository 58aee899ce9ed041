import { parseUntrustedJson } from '@trino-gateway/json';

/** The measures of a plan, summed over its nodes; those that Trino does not know are undefined. */
export type PlanCost = Readonly<Record<Measure, number | undefined>>;

export const MEASURES = ['cpu', 'memory', 'network', 'rows', 'bytes'] as const;
export type Measure = (typeof MEASURES)[number];

/** What a node hands on. */
type Size = { rows: number | undefined; bytes: number | undefined };

type Node = {
  name: string;
  descriptor: Record<string, unknown>;
  estimates: Record<string, unknown>[];
  children: Node[];
};

/** Plans of hundreds of joins are nested. */
const MOST_DEPTH = 1_000;

/** Nodes that stand for the output of other fragments. */
const REMOTE = /^Remote(Source|Merge)$/;
/**
 * Nodes that never hand on more rows than they get (PlanPrinter): where Trino does not know their size, that of their input is
 * the most it can be.
 */
const NEVER_GROWS =
  /^(Output|(Scan)?(Filter)?(Project)?|(Streaming)?Aggregate.*|TopN.*|Limit.*|DistinctLimit.*|Sort|PartialSort|Local(Exchange|Merge)|Window|RowNumber|MarkDistinct|EnforceSingleRow|AssignUniqueId|SemiJoin|Sample.*|TableWriter|TableCommit|DynamicFilterSource)$/;
/** Those of them that keep what they get in memory. */
const KEEPS_INPUT = /^((Streaming)?Aggregate.*|TopN.*|DistinctLimit.*|Sort|PartialSort|Window|RowNumber|MarkDistinct)$/;

/**
 * Reads the answer of EXPLAIN (FORMAT JSON); undefined when it is no plan. An estimate that Trino does not have is never taken
 * for nothing: it is that of the node's input where the node cannot make more of it, and otherwise the measure is unknown.
 */
export function planCost(text: string): PlanCost | undefined {
  const fragments = readFragments(text);
  if (!fragments) return undefined;
  const totals: Record<Measure, number | undefined> = { cpu: 0, memory: 0, network: 0, rows: 0, bytes: 0 };
  const add = (measure: Measure, amount: number | undefined) => {
    const before = totals[measure];
    totals[measure] = before === undefined || amount === undefined ? undefined : before + amount;
  };
  const sizes = new Map<string, Size | 'being read'>();
  const sizeOfFragment = (id: string): Size => {
    const known = sizes.get(id);
    if (known === 'being read') return nothingKnown;
    if (known) return known;
    const root = fragments.get(id);
    sizes.set(id, 'being read');
    const size = root ? sizeOf(root) : nothingKnown;
    sizes.set(id, size);
    return size;
  };
  const sizeOf = (node: Node): Size => {
    if (REMOTE.test(node.name)) {
      const size = sumOf(sourceFragments(node).map(sizeOfFragment));
      // Trino leaves the exchange itself out of the plan.
      add('network', size.bytes);
      return size;
    }
    const input = node.children.length > 0 ? sumOf(node.children.map(sizeOf)) : nothingKnown;
    return addNode(node, input, add);
  };
  for (const id of fragments.keys()) sizeOfFragment(id);
  return totals;
}

const nothingKnown: Size = { rows: undefined, bytes: undefined };

/** Adds what a node costs. @returns what it hands on */
function addNode(node: Node, input: Size, add: (measure: Measure, amount: number | undefined) => void): Size {
  const neverGrows = NEVER_GROWS.test(node.name);
  // A node may be several in one, a scan with its filter for example: then each has an estimate, in the order of the rows.
  let size = input;
  for (const estimate of node.estimates.length > 0 ? node.estimates : [{}]) {
    const most: Size = neverGrows ? size : nothingKnown;
    const { bytes } = most;
    const rows = amountOf(estimate.outputRowCount) ?? most.rows;
    // Trino multiplies unknown rows by the width that is asked for, which is nothing for a count.
    const known = (amount: unknown) => (rows === undefined ? undefined : amountOf(amount));
    add('cpu', known(estimate.cpuCost) ?? bytes);
    add('memory', amountOf(estimate.memoryCost) ?? (KEEPS_INPUT.test(node.name) || bytes === undefined ? bytes : 0));
    add('network', amountOf(estimate.networkCost) ?? (bytes === undefined ? undefined : 0));
    size = { rows, bytes: known(estimate.outputSizeInBytes) ?? bytes };
    add('rows', size.rows);
    add('bytes', size.bytes);
  }
  return size;
}

/** A number from 0 to infinity; all else is unknown. */
function amountOf(estimate: unknown): number | undefined {
  if (estimate === 'Infinity') return Number.POSITIVE_INFINITY;
  return typeof estimate === 'number' && estimate >= 0 ? estimate : undefined;
}

function sumOf(sizes: readonly Size[]): Size {
  const sum = (name: keyof Size) =>
    sizes.reduce<number | undefined>((before, size) => {
      const amount = size[name];
      return before === undefined || amount === undefined ? undefined : before + amount;
    }, 0);
  return sizes.length === 0 ? nothingKnown : { rows: sum('rows'), bytes: sum('bytes') };
}

/** `[1, 2]` in the descriptor. */
function sourceFragments({ descriptor }: Node): string[] {
  const ids = descriptor.sourceFragmentIds;
  return typeof ids === 'string' ? (ids.match(/\d+/g) ?? []) : [];
}

/** The roots of the fragments, by id. A plan that is not distributed is its root itself. */
function readFragments(text: string): ReadonlyMap<string, Node> | undefined {
  let plan: unknown;
  try {
    plan = parseUntrustedJson(text, MOST_DEPTH);
  } catch {
    return undefined;
  }
  if (!isObject(plan)) return undefined;
  const root = readNode(plan);
  if (root) return new Map([['0', root]]);
  const fragments = new Map<string, Node>();
  for (const [id, fragment] of Object.entries(plan)) {
    const node = readNode(fragment);
    if (!node) return undefined;
    fragments.set(id, node);
  }
  return fragments.size > 0 ? fragments : undefined;
}

function readNode(value: unknown): Node | undefined {
  if (!isObject(value) || typeof value.name !== 'string') return undefined;
  const { name, descriptor, estimates, children = [] } = value;
  if (!Array.isArray(children)) return undefined;
  const read = children.map(readNode);
  if (read.includes(undefined)) return undefined;
  return {
    name,
    descriptor: isObject(descriptor) ? descriptor : {},
    estimates: Array.isArray(estimates) ? estimates.map((one) => (isObject(one) ? one : {})) : [],
    children: read as Node[],
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
