import { createHash } from 'node:crypto';
import { parseUntrustedJson } from '@trino-gateway/json';
import { BadPageTokenError } from '../../contract/errors.ts';
import type { QueryPosition } from '../../contract/queries.ts';

/** Where a page ended: the next one starts behind this row, in this direction. */
export type PagePosition = QueryPosition & { newestFirst: boolean };

const CHECK_LENGTH = 8;

/** Opaque to clients. A checksum finds damaged and invented tokens; it needs no secret, since a token opens nothing. */
export function writePageToken({ submittedAt, id, newestFirst }: PagePosition): string {
  const content = JSON.stringify([submittedAt, id, newestFirst ? 'desc' : 'asc']);
  return Buffer.from(check(content) + content).toString('base64url');
}

/** @throws BadPageTokenError when ListQueries did not give it out, or did so in the other direction. */
export function readPageToken(token: string, newestFirst: boolean): PagePosition {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  const content = text.slice(CHECK_LENGTH);
  if (Buffer.from(text).toString('base64url') !== token || check(content) !== text.slice(0, CHECK_LENGTH))
    throw new BadPageTokenError('page_token: not one that ListQueries returned');
  const [submittedAt, id, order] = parseUntrustedJson(content) as [number, string, 'asc' | 'desc'];
  if ((order === 'desc') !== newestFirst)
    throw new BadPageTokenError('page_token: belongs to a list in the other order');
  return { submittedAt, id, newestFirst };
}

function check(content: string): string {
  return createHash('sha256').update(`queries ${content}`).digest('base64url').slice(0, CHECK_LENGTH);
}
