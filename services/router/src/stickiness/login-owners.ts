import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { LoginStep } from '@trino-gateway/trino';
import type { Coordinator } from './coordinator.ts';

// A login lives in the memory of the coordinator that began it, and a client and its browser share nothing but the links. So the links say
// whose they are, by a code made with the suite's key: nothing is stored, every router can read it, also after a restart and without
// a gatewayserver, and nobody else can make one. Asking all clusters would not do: one that does not know an id says, after ten seconds,
// that the login goes on (OAuth2TokenExchange creates what it is asked for).

/** What carries a code: the id of a link, or the `state` that an identity provider hands back. */
export type LoginPart = LoginStep | 'state';

/** Whose logins these are. */
export type LoginOwners = {
  /** The text with the code of its coordinator; the text alone while this router has no key. */
  mark(part: LoginPart, text: string, coordinator: Pick<Coordinator, 'url'>): string;
  /** The text without its code, and the coordinator; undefined when this suite has not marked it, or does not know the address any more. */
  read(part: LoginPart, marked: string): { text: string; coordinator: Coordinator } | undefined;
};

type Deps = {
  signingKey: () => KeyObject | undefined;
  /** Every known address, former ones too. */
  candidates: () => readonly Coordinator[];
};

const CODE_BYTES = 16;
const CODE_LENGTH = Math.ceil((CODE_BYTES * 4) / 3);

/** Nothing is kept: both are functions of the key and the known addresses. */
export function createLoginOwners({ signingKey, candidates }: Deps): LoginOwners {
  return {
    mark: (part, text, coordinator) => {
      const key = signingKey();
      return key === undefined ? text : `${text}.${codeOf(key, part, text, coordinator).toString('base64url')}`;
    },
    read: (part, marked) => {
      const key = signingKey();
      const at = marked.lastIndexOf('.');
      if (key === undefined || at < 1 || marked.length - at - 1 !== CODE_LENGTH) return undefined;
      const text = marked.slice(0, at);
      const code = Buffer.from(marked.slice(at + 1), 'base64url');
      if (code.length !== CODE_BYTES) return undefined;
      const coordinator = candidates().find((one) => timingSafeEqual(codeOf(key, part, text, one), code));
      return coordinator && { text, coordinator };
    },
  };
}

function codeOf(key: KeyObject, part: LoginPart, text: string, { url }: Pick<Coordinator, 'url'>): Buffer {
  const hmac = createHmac('sha256', key).update(JSON.stringify(['login', part, text, url]));
  return hmac.digest().subarray(0, CODE_BYTES);
}
