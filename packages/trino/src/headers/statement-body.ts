import { isAscii, isUtf8 } from 'node:buffer';
import { trimmed } from './header-text.ts';
import { allHeaders, type RawHeaders } from './raw-headers.ts';

const plain: ReadonlySet<string> = new Set(['', 'identity']);
const parameter = /;[ \t]*charset=("?)(?<name>utf-?8|us-ascii|iso-8859-1)\1[ \t]*(?:;|$)/i;

/**
 * Why a body is no statement, or may be another one to Trino than its bytes are in UTF-8: it is compressed, or a Content-Type names
 * another character set, by which Trino decodes it. Undefined when both read the same text. Text counts as it is, whatever Content-Encoding
 * names (`utf-8`, `gzip`): Trino decodes none up to 482, and later ones are not told of it.
 */
export function statementBodyProblem(rawHeaders: RawHeaders, body: Buffer): string | undefined {
  const encoding = allHeaders(rawHeaders, 'content-encoding').find((line) => !plain.has(trimmed(line).toLowerCase()));
  if (encoding !== undefined && !isUtf8(body))
    return `A statement must be plain text: send it without Content-Encoding ${shown(encoding)}`;
  const types = allHeaders(rawHeaders, 'content-type');
  const named = types.filter((line) => /charset/i.test(line));
  if (named.length === 0) return undefined;
  const [line = ''] = named;
  const charset = parameter.exec(line)?.groups?.name;
  const isClear = types.length === 1 && charset !== undefined && line.match(/charset/gi)?.length === 1;
  if (isClear && (/^utf/i.test(charset) || isAscii(body))) return undefined;
  return `A statement must be UTF-8 text: send it so, and not as Content-Type ${shown(line)}`;
}

const shown = (text: string) => JSON.stringify(text.slice(0, 100));
