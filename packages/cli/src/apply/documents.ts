import { type Declared, type Existing, type PlaceOf, placesIn, readDeclared, yamlContent } from '@trino-gateway/config';
import { LineCounter, parseAllDocuments } from 'yaml';
import { UsageError } from '../terminal/usage-error.ts';

const SECTIONS = ['backends', 'groups', 'policies'] as const;

const CHAIN = 'routing_chain';
const KNOWN = `lists named ${SECTIONS.join(', ')}, or a ${CHAIN}`;

/** One entry of a section, and where it is in the text. */
type Entry = { value: unknown; position: string; placeOf: PlaceOf; index: number };

/** The routing chain, and where it is in the text. */
type Chain = Omit<Entry, 'index'>;

/**
 * Reads the objects of a YAML or JSON text, of all its documents together: lists under `backends`, `groups` and
 * `policies`, and one `routing_chain`, as in a configuration file.
 * @param name the file, for messages
 * @param existing what may be referred to besides
 * @throws UsageError with every problem at once
 */
export function readDocuments(name: string, text: string, existing: Existing): Declared {
  const problems: string[] = [];
  const entries: Record<(typeof SECTIONS)[number], Entry[]> = { backends: [], groups: [], policies: [] };
  let chain: Chain | undefined;
  const lineCounter = new LineCounter();
  const parsed = parseAllDocuments(text, { logLevel: 'silent', lineCounter });
  const documents = Array.isArray(parsed) ? parsed : [];
  for (const [at, document] of documents.entries()) {
    const where = documents.length > 1 ? `document ${at + 1}: ` : '';
    const placeOf = placesIn(document, lineCounter);
    const complain = (problem: string) => problems.push(`${name}: ${where}${problem}`);
    for (const [section, values] of Object.entries(yamlContent(document, KNOWN, complain))) {
      const known = SECTIONS.find((one) => one === section);
      if (section === CHAIN) {
        if (chain) complain(`${CHAIN}: expected once`);
        chain = { value: values, placeOf, position: where };
      } else if (!known) complain(`${section}: unknown section; known are ${[...SECTIONS, CHAIN].join(', ')}`);
      else if (!Array.isArray(values)) complain(`${section}: expected a list`);
      else
        entries[known].push(
          ...values.map((value, index) => ({ value, index, placeOf, position: `${where}${section}[${index}]` })),
        );
    }
  }
  const merged = Object.fromEntries(SECTIONS.map((section) => [section, entries[section].map(({ value }) => value)]));
  const declared = readDeclared(
    { ...merged, ...(chain && { [CHAIN]: chain.value }) },
    (path, message) => {
      const [position, place] =
        chain && path.startsWith(CHAIN)
          ? [chain.position + path, chain.placeOf(path)]
          : [positionOf(path, entries), placeIn(path, entries)];
      problems.push(`${name}: ${position}: ${message}${place}`);
    },
    { existing },
  );
  if (problems.length > 0) throw new UsageError(...problems);
  if (declared.backends.length + declared.groups.length + declared.policies.length === 0 && !declared.routingChain)
    throw new UsageError(`${name}: holds no object: expected ${KNOWN}`);
  return declared;
}

/** Where an entry of the merged lists is in the text. */
function positionOf(path: string, entries: Record<string, Entry[]>): string {
  return path.replace(
    /^(\w+)\[(\d+)\]/,
    (whole, section: string, index: string) => entries[section]?.[Number(index)]?.position ?? whole,
  );
}

/** Which object that is, and its line. */
function placeIn(path: string, entries: Record<string, Entry[]>): string {
  const [whole = '', section = '', index = ''] = /^(\w+)\[(\d+)\]/.exec(path) ?? [];
  const entry = entries[section]?.[Number(index)];
  return entry?.placeOf(`${section}[${entry.index}]${path.slice(whole.length)}`) ?? '';
}
