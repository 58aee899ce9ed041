import { describe } from '@jest/globals';
import { killing } from './killing.ts';
import { links } from './links.ts';
import { otherResources } from './other-resources.ts';
import { polling } from './polling.ts';
import { statements } from './statements.ts';
import { submission } from './submission.ts';
import type { ProtocolTarget } from './target.ts';

/** The behaviour of Trino that the gateway relies on: the same tests for a real cluster and for the scripted one. */
export function describeProtocol(name: string, target: () => ProtocolTarget): void {
  describe(name, () => {
    describe('submission', () => submission(() => target().url));
    describe('polling', () => polling(() => target().url));
    describe('statements', () => statements(() => target().url));
    describe('cancelling and killing', () => killing(() => target().url));
    describe('other resources', () => otherResources(() => target().url));
    describe('links', () => links(target));
  });
}
