/** What one proxy says of a request in `Forwarded` (RFC 7239): of parameters that it gives twice, the first. */
export type ForwardedElement = { for?: string; host?: string; proto?: string };

/**
 * The elements of all lines, in their order. As Trino's server (Jetty) does, it takes names in any case, ignores parameters that it does
 * not know, and takes those of a malformed element that can be read.
 */
export function forwardedElements(lines: readonly string[]): ForwardedElement[] {
  return lines.flatMap((line) => split(line, ',').map(elementIn)).filter((element) => Object.keys(element).length > 0);
}

function elementIn(text: string): ForwardedElement {
  const element: ForwardedElement = {};
  for (const pair of split(text, ';')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, at)).trim().toLowerCase();
    if (name !== 'for' && name !== 'host' && name !== 'proto') continue;
    const value = unquoted(pair.slice(at + 1).trim());
    if (value !== '') element[name] ??= value;
  }
  return element;
}

/** The parts of a text between separators that do not stand in quotes. */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let isQuoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '"') isQuoted = !isQuoted;
    else if (sign === '\\' && isQuoted) at += 1;
    else if (sign === separator && !isQuoted) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, value.endsWith('"') ? -1 : undefined).replace(/\\(.)/g, '$1') : value;
}
