import { type Declared, type Existing, type PlaceOf, placesIn, readDeclared, yamlContent } from '@trino-gateway/config';
import { LineCounter, parseAllDocuments } from 'yaml';
import { UsageError } from '../../terminal/usage-error.ts';

const SECTIONS = ['backends', 'groups', 'policies'] as const;

const CHAIN = 'routing_chain';
const KNOWN = `lists named ${SECTIONS.join(', ')}, or a ${CHAIN}`;

/** One entry of a section, and where it is in the text. */
type Entry = { value: unknown; position: string; placeOf: PlaceOf; index: number };

/** The routing chain, and where it is in the text. */
type Chain = Omit<Entry, 'index'>;

/** A YAML or JSON text, and what messages call it. */
export type NamedText = { name: string; text: string };

/** What is declared, before it is read. */
type Content = { entries: Record<(typeof SECTIONS)[number], Entry[]>; chain: Chain | undefined };

/**
 * Reads the objects of YAML or JSON texts, of all their documents together: lists under `backends`, `groups` and
 * `policies`, and one `routing_chain`, as in a configuration file.
 * @param existing what may be referred to besides
 * @throws UsageError with every problem at once
 */
export function readDocuments(texts: readonly NamedText[], existing: Existing): Declared {
  const problems: string[] = [];
  const content: Content = { entries: { backends: [], groups: [], policies: [] }, chain: undefined };
  for (const one of texts) collect(one, content, problems);
  const { entries, chain } = content;
  const merged = Object.fromEntries(SECTIONS.map((section) => [section, entries[section].map(({ value }) => value)]));
  const declared = readDeclared(
    { ...merged, ...(chain && { [CHAIN]: chain.value }) },
    (path, message) => {
      const [position, place] =
        chain && path.startsWith(CHAIN)
          ? [chain.position + path, chain.placeOf(path)]
          : [positionOf(path, entries), placeIn(path, entries)];
      problems.push(`${position}: ${message}${place}`);
    },
    { existing },
  );
  if (problems.length > 0) throw new UsageError(...problems);
  if (declared.backends.length + declared.groups.length + declared.policies.length === 0 && !declared.routingChain)
    throw new UsageError(`${texts.map(({ name }) => name).join(', ')}: holds no object: expected ${KNOWN}`);
  return declared;
}

/** Adds what the documents of a text declare. */
function collect({ name, text }: NamedText, content: Content, problems: string[]): void {
  const lineCounter = new LineCounter();
  const parsed = parseAllDocuments(text, { logLevel: 'silent', lineCounter });
  const documents = Array.isArray(parsed) ? parsed : [];
  for (const [at, document] of documents.entries()) {
    const where = `${name}: ${documents.length > 1 ? `document ${at + 1}: ` : ''}`;
    const placeOf = placesIn(document, lineCounter);
    const complain = (problem: string) => problems.push(`${where}${problem}`);
    for (const [section, values] of Object.entries(yamlContent(document, KNOWN, complain))) {
      const known = SECTIONS.find((one) => one === section);
      if (section === CHAIN) {
        if (content.chain) complain(`${CHAIN}: expected once`);
        content.chain = { value: values, placeOf, position: where };
      } else if (!known) complain(`${section}: unknown section; known are ${[...SECTIONS, CHAIN].join(', ')}`);
      else if (!Array.isArray(values)) complain(`${section}: expected a list`);
      else
        content.entries[known].push(
          ...values.map((value, index) => ({ value, index, placeOf, position: `${where}${section}[${index}]` })),
        );
    }
  }
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
