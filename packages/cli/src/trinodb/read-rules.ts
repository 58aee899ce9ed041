import { type Document, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { Note } from '../imported/notes.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** A text of a rules file, and the line it stands on. */
export type Line = { text: string; line: number };

/** A rule of the Java gateway as its file says it. */
export type FileRule = { name: string; line: number; priority: number; condition: Line; actions: Line[] };

const KNOWN = ['name', 'description', 'priority', 'condition', 'actions'];
const MOST_CHARACTERS = 10_000_000;

/**
 * Reads the rules of a file, one in each document.
 * @param notes gets what a document has that is no rule
 * @throws UsageError when the file is no YAML at all
 */
export function readRules(file: string, text: string, notes: Note[]): FileRule[] {
  if (text.length > MOST_CHARACTERS) throw new UsageError(`${file}: expected at most ${MOST_CHARACTERS} characters`);
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { logLevel: 'silent', lineCounter });
  if (!Array.isArray(documents)) return [];
  const [problem] = documents.flatMap(({ errors }) => errors);
  if (problem) throw new UsageError(`${file}: not YAML: ${problem.message.split('\n')[0]}`);
  return documents.flatMap((document) => {
    if (document.contents === null) return [];
    const rule = readRule(document, (offset) => lineCounter.linePos(offset).line);
    if (!('why' in rule)) {
      for (const name of rule.unknown)
        notes.push({ about: aboutRule(rule.rule), text: `its "${name}" has no counterpart` });
      return [rule.rule];
    }
    notes.push({ about: `rule (line ${rule.line})`, text: `not translated: ${rule.why}` });
    return [];
  });
}

/** What notes call a rule. */
export function aboutRule({ name, line }: Pick<FileRule, 'name' | 'line'>): string {
  return `rule "${name}" (line ${line})`;
}

type Read = { rule: FileRule; unknown: string[] } | { why: string; line: number };

function readRule({ contents }: Document, lineAt: (offset: number) => number): Read {
  const lineOf = (node: unknown) => lineAt((node as { range?: [number, number, number] }).range?.[0] ?? 0);
  const line = lineOf(contents);
  if (!isMap(contents)) return { why: 'it is no rule: expected name, condition and actions', line };
  const lineText = (node: unknown): Line[] =>
    isScalar(node) && ['string', 'boolean'].includes(typeof node.value)
      ? [{ text: String(node.value), line: lineOf(node) }]
      : [];
  const name = contents.get('name');
  const priority = contents.get('priority') ?? 0;
  const [condition] = lineText(contents.get('condition', true));
  const actions = contents.get('actions');
  if (typeof name !== 'string' || condition === undefined) return { why: 'expected a name and a condition', line };
  if (!Number.isInteger(priority)) return { why: 'expected a whole number as its priority', line };
  if (!isSeq(actions)) return { why: 'expected a list of actions', line };
  const texts = actions.items.flatMap(lineText);
  if (texts.length < actions.items.length) return { why: 'expected actions that are texts', line };
  const keys = contents.items.map(({ key }) => (isScalar(key) ? String(key.value) : ''));
  return {
    rule: { name, line, priority: priority as number, condition, actions: texts },
    unknown: keys.filter((key) => !KNOWN.includes(key)),
  };
}
