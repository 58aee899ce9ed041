import { parseDocument } from 'yaml';
import { UsageError } from '../terminal/usage-error.ts';

const MOST_CHARACTERS = 10_000_000;

/** The content of a YAML file of one document. @throws UsageError without its text, which may hold passwords */
export function readYaml(file: string, text: string): unknown {
  if (text.length > MOST_CHARACTERS) throw new UsageError(`${file}: expected at most ${MOST_CHARACTERS} characters`);
  const document = parseDocument(text, { logLevel: 'silent', prettyErrors: false });
  const [problem] = document.errors;
  if (problem) throw new UsageError(`${file}: not YAML: ${problem.code} at character ${problem.pos[0]}`);
  try {
    return document.toJS({ maxAliasCount: 1_000 });
  } catch {
    throw new UsageError(`${file}: expected fewer aliases`);
  }
}
