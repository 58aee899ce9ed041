import { type Declared, type Existing, readDeclared } from '@trino-gateway/config';
import { type Document, parseAllDocuments } from 'yaml';
import { UsageError } from '../terminal/usage-error.ts';

const SECTIONS = ['backends', 'groups', 'policies'] as const;

/** One entry of a section, and where it stands. */
type Entry = { value: unknown; place: string };

/**
 * Reads the objects of a YAML or JSON text, of all its documents together: lists under `backends`, `groups` and
 * `policies`, as in a configuration file.
 * @param name the file, for messages
 * @param existing what may be referred to besides
 * @throws UsageError with every problem at once
 */
export function readDocuments(name: string, text: string, existing: Existing): Declared {
  const problems: string[] = [];
  const entries: Record<(typeof SECTIONS)[number], Entry[]> = { backends: [], groups: [], policies: [] };
  const parsed = parseAllDocuments(text, { logLevel: 'silent' });
  const documents = Array.isArray(parsed) ? parsed : [];
  for (const [at, document] of documents.entries()) {
    const place = documents.length > 1 ? `document ${at + 1}: ` : '';
    const complain = (problem: string) => problems.push(`${name}: ${place}${problem}`);
    for (const [section, values] of Object.entries(contentOf(document, complain))) {
      const known = SECTIONS.find((one) => one === section);
      if (!known) complain(`${section}: unknown section; known are ${SECTIONS.join(', ')}`);
      else if (!Array.isArray(values)) complain(`${section}: expected a list`);
      else entries[known].push(...values.map((value, index) => ({ value, place: `${place}${section}[${index}]` })));
    }
  }
  const merged = Object.fromEntries(SECTIONS.map((section) => [section, entries[section].map(({ value }) => value)]));
  const declared = readDeclared(
    merged,
    (path, message) => problems.push(`${name}: ${placeOf(path, entries)}: ${message}`),
    existing,
  );
  if (problems.length > 0) throw new UsageError(...problems);
  if (Object.values(declared).every((list) => list.length === 0))
    throw new UsageError(`${name}: holds no object: expected lists named ${SECTIONS.join(', ')}`);
  return declared;
}

/** Where an entry of the merged lists stands in the text. */
function placeOf(path: string, entries: Record<string, Entry[]>): string {
  return path.replace(
    /^(\w+)\[(\d+)\]/,
    (whole, section: string, index: string) => entries[section]?.[Number(index)]?.place ?? whole,
  );
}

/** The sections of a document; none when it cannot be read. */
function contentOf(document: Document, complain: (problem: string) => void): object {
  for (const { message, linePos } of document.errors) {
    // The parser's own text may go on with a piece of the file, which may be a secret.
    const [what = ''] = message.split(/:| at line /, 1);
    complain(`not YAML: ${what}${linePos ? ` at line ${linePos[0].line}, column ${linePos[0].col}` : ''}`);
  }
  if (document.errors.length > 0) return {};
  try {
    const content: unknown = document.toJS() ?? {};
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content;
    complain(`expected lists named ${SECTIONS.join(', ')}`);
  } catch (error) {
    // Aliases that multiply without end, for example.
    complain(`not YAML: ${(error as Error).message.split(/[:\n]/, 1)[0]}`);
  }
  return {};
}
