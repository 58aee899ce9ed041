import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { coordinatorPath, type NamedCoordinator } from '@trino-gateway/trino';

// Who holds the link of a page may poll it, and so it is with the segments of a spooled result: Trino's clients send no credentials for
// them. So the path that names their coordinator is one that only this suite can make, and that only who has such a link knows.

/** The paths below which the links of spooled results lie. */
export type CoordinatorLinks = {
  /** The path for the coordinator of this query id suffix; undefined while this router has no key. */
  pathFor(suffix: string): string | undefined;
  /** Whether this suite has made what a path says; undefined while this router has no key. */
  isOurs(named: NamedCoordinator): boolean | undefined;
};

const CODE_BYTES = 12;
const CODE_LENGTH = 16;

/** Nothing is kept: both are functions of the suite's key. */
export function createCoordinatorLinks(signingKey: () => KeyObject | undefined): CoordinatorLinks {
  return {
    pathFor: (suffix) => {
      const key = signingKey();
      return key && coordinatorPath({ suffix, code: codeOf(key, suffix).toString('base64url') });
    },
    isOurs: ({ suffix, code }) => {
      const key = signingKey();
      if (key === undefined) return undefined;
      const given = Buffer.from(code, 'base64url');
      return code.length === CODE_LENGTH && given.length === CODE_BYTES && timingSafeEqual(given, codeOf(key, suffix));
    },
  };
}

const codeOf = (key: KeyObject, suffix: string): Buffer =>
  createHmac('sha256', key).update(`coordinator\n${suffix}`).digest().subarray(0, CODE_BYTES);
