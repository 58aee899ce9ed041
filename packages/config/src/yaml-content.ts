import type { Document } from 'yaml';

/**
 * The top-level keys of a YAML document and their values; none, after complaints, when it cannot be read.
 * @param expected what the document should hold, for the complaint that it holds something else
 */
export function yamlContent(
  document: Document.Parsed | Document,
  expected: string,
  complain: (problem: string) => void,
): Record<string, unknown> {
  for (const { message, linePos } of document.errors) {
    // The parser's own text may go on with a piece of the file, which may be a secret.
    const [what = ''] = message.split(/:| at line /, 1);
    complain(`not YAML: ${what}${linePos ? ` at line ${linePos[0].line}, column ${linePos[0].col}` : ''}`);
  }
  if (document.errors.length > 0) return {};
  try {
    const content: unknown = document.toJS() ?? {};
    if (typeof content === 'object' && content !== null && !Array.isArray(content))
      return content as Record<string, unknown>;
    complain(`expected ${expected}`);
  } catch (error) {
    // Aliases that multiply without end, for example.
    complain(`not YAML: ${(error as Error).message.split(/[:\n]/, 1)[0]}`);
  }
  return {};
}
