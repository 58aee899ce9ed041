// How Trino splits and trims the text of a header. JavaScript's trim() removes other characters.

/** The text without blanks and control characters at its ends, as Java's String.trim(): U+0020 and below. */
export function trimmed(text: string): string {
  return stripped(text, (code) => code <= 0x20);
}

/** One item of a list, trimmed as Guava's Splitter.trimResults(): white space as Unicode knows it, as far as a header can hold it. */
export function trimmedItem(text: string): string {
  return stripped(text, (code) => code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0x85 || code === 0xa0);
}

/** The items of a comma list, trimmed, without empty ones. */
export function listItems(text: string): string[] {
  return text
    .split(',')
    .map(trimmedItem)
    .filter((item) => item !== '');
}

function stripped(text: string, isBlank: (code: number) => boolean): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/**
 * A form-urlencoded value as Java's URLDecoder reads it: `+` is a space, bytes that are no UTF-8 become U+FFFD, characters
 * beside escapes stay what they are. Undefined when an escape is broken.
 */
export function formDecoded(text: string): string | undefined {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  if (/%(?![0-9a-f]{2})/i.test(spaced)) return undefined;
  return spaced.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString());
}
