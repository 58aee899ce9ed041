import fc from 'fast-check';

/** One thing that happens in the world around the admission. */
export type Command =
  | { kind: 'submit'; group: number; user: number; neverWaits: boolean; priority: number }
  | ClientCommand
  | { kind: 'pass'; ms: number; offersNow: boolean }
  | { kind: 'limit'; backend: number; max: number; offersNow: boolean }
  | { kind: 'available'; backend: number; is: boolean; offersNow: boolean }
  | { kind: 'hold'; group: number; is: boolean; offersNow: boolean };

/** One that happens to one of the clients that are there already: the n-th of those it can happen to. */
export type ClientCommand =
  | { kind: 'confirm' | 'late' | 'poll' | 'finish' | 'cancel' | 'hangUp' | 'front'; client: number }
  | { kind: 'routerGone'; client: number; late: boolean }
  | { kind: 'offer'; client: number; outcome: 'taken' | 'failed' | 'unauthenticated' | 'crash' | 'twice' };

const client = fc.nat(40);
const offersNow = fc.boolean();
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      group: fc.nat(2),
      user: fc.nat(2),
      neverWaits: fc.boolean(),
      priority: fc.nat(2),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('confirm' as const), client }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('late' as const), client }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('poll' as const), client }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('finish' as const), client }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const, 'hangUp' as const, 'front' as const), client }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('routerGone' as const), client, late: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('offer' as const),
      client,
      outcome: fc.constantFrom('taken', 'taken', 'taken', 'failed', 'unauthenticated', 'crash', 'twice'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(40), offersNow }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('limit' as const),
      backend: fc.nat(2),
      max: fc.integer({ min: 1, max: 3 }),
      offersNow,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('available' as const), backend: fc.nat(2), is: fc.boolean(), offersNow }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('hold' as const), group: fc.nat(2), is: fc.boolean(), offersNow }),
  },
);

/** What may happen, in any order. */
export const worldCommands: fc.Arbitrary<Command[]> = fc.array(command, { minLength: 40, maxLength: 160 });
