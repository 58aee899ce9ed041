import { LONGEST_QUERY_TEXT } from '@trino-gateway/api/limits';

/**
 * Text as every engine can keep it: cut to `length`, never inside a character; NUL, which PostgreSQL refuses, and halves of
 * surrogate pairs, which are no text in UTF-8, become U+FFFD.
 */
export function storedText(text: string, length = LONGEST_QUERY_TEXT): string {
  // Nearly every text is kept as it is.
  if (text.length <= length && !text.includes('\0')) return text.isWellFormed() ? text : text.toWellFormed();
  const splits = text.length > length && isHighSurrogate(text.charCodeAt(length - 1));
  return text
    .slice(0, splits ? length - 1 : length)
    .toWellFormed()
    .replaceAll('\0', '\uFFFD');
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
