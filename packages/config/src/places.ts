import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml';

/** Where a path such as `groups[1].backend_ids` is in a file, for people: ` (group "etl", line 12)`; empty when it is nowhere. */
export type PlaceOf = (path: string) => string;

/** The places of a parsed document. */
export function placesIn(document: Document.Parsed | Document, lines: LineCounter): PlaceOf {
  return (path) => {
    const steps = [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, key, index]) => key ?? Number(index));
    let node: unknown = document.contents;
    let offset: number | undefined;
    let objects = '';
    for (const [at, step] of steps.entries()) {
      const found = stepInto(resolved(node, document), step);
      if (!found) break;
      offset = found.offset ?? offset;
      node = found.node;
      if (typeof step === 'number') objects += objectName(String(steps[at - 1]), resolved(node, document));
    }
    if (offset === undefined) return '';
    return ` (${objects}line ${lines.linePos(offset).line})`;
  };
}

function stepInto(node: unknown, step: string | number): { node: unknown; offset: number | undefined } | undefined {
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step];
    return item === undefined ? undefined : { node: item, offset: (item as Node).range?.[0] };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => sameKey(isScalar(key) ? key.value : key, String(step)));
  return pair && { node: pair.value, offset: isScalar(pair.key) ? pair.key.range?.[0] : undefined };
}

/** Problems name fields as the contract does; a file may write them in either spelling. */
function sameKey(written: unknown, key: string): boolean {
  const plain = (text: string) => text.replaceAll('_', '').toLowerCase();
  return plain(String(written)) === plain(key);
}

function resolved(node: unknown, document: Document.Parsed | Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function objectName(section: string, entry: unknown): string {
  const id: unknown = isMap(entry) ? entry.get('id') : undefined;
  if (typeof id !== 'string') return '';
  return `${section.replace(/ies$/, 'y').replace(/s$/, '')} ${JSON.stringify(id.slice(0, 128))}, `;
}
