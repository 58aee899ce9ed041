import fc from 'fast-check';

/** One thing that happens, on one of the two replicas. */
export type Command = {
  kind: 'submit' | 'poll' | 'offer' | 'finish' | 'pass' | 'cancel' | 'restart' | 'limit';
  replica: number;
  client: number;
  /** What becomes of the answer: it arrives, at the second attempt of the transaction, or the replica dies before the commit, or between commit and answer. */
  fate: 'answered' | 'again' | 'undone' | 'unanswered';
};

const weighted = (weight: number, kind: Command['kind']) => ({
  weight,
  arbitrary: fc.record({
    kind: fc.constant(kind),
    replica: fc.nat(1),
    client: fc.nat(50),
    fate: fc.constantFrom<Command['fate']>('answered', 'answered', 'answered', 'again', 'undone', 'unanswered'),
  }),
});

/** What may happen, in any order. */
export const admissionCommands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    weighted(6, 'submit'),
    weighted(6, 'poll'),
    weighted(6, 'offer'),
    weighted(5, 'finish'),
    weighted(2, 'pass'),
    weighted(1, 'cancel'),
    weighted(1, 'restart'),
    weighted(1, 'limit'),
  ),
  { minLength: 10, maxLength: 40 },
);
