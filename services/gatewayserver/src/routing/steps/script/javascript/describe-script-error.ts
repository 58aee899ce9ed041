/** What the interpreter gives of an error: its fields, or the value that was thrown. */
type Dumped = { name?: unknown; message?: unknown; stack?: unknown };

const PLACE = /script\.js:(\d+)(?::(\d+))?/;

/** One line about an error of a script, with the place where it happened. */
export function describeScriptError(dumped: unknown): string {
  const { name, message, stack } = (typeof dumped === 'object' && dumped !== null ? dumped : {}) as Dumped;
  if (typeof message !== 'string') return `threw ${String(JSON.stringify(dumped)).slice(0, 200)}`;
  if (message.startsWith('could not load module')) return `import is not possible: ${message}`;
  const [, line, column] = (typeof stack === 'string' && PLACE.exec(stack)) || [];
  const at = line === undefined ? '' : `line ${line}${column === undefined ? '' : `, column ${column}`}: `;
  return `${at}${typeof name === 'string' && name !== 'SyntaxError' ? `${name}: ` : ''}${message}`;
}
