import {
  type GetDrainStatusResponse,
  type GetDrainStatusResponse_Remaining,
  GetDrainStatusResponse_Remaining_Kind as Kind,
} from '@trino-gateway/api/gateway';

const WORDS: Readonly<Partial<Record<Kind, (count: number) => string>>> = {
  [Kind.RUNNING]: (count) => `${count} running`,
  [Kind.TRANSACTION]: (count) => `${count} in open transactions`,
  [Kind.UNFETCHED]: (count) => `${count} with results to fetch`,
  [Kind.UNANSWERED]: (count) => `${count} just submitted`,
  [Kind.DIRECT]: (count) => `${count} of direct clients`,
  [Kind.WAITING_HERE]: (count) => `${count} about to start`,
};

/** How far a drain is, in a few words: what is counted, and whether something is not known. */
export function drainProgress({ drained, draining, remaining }: GetDrainStatusResponse): string {
  if (drained) return 'drained';
  if (!draining) return 'it does not drain any more';
  return remaining.length === 0 ? 'nothing left, not yet proven' : remaining.map(remains).join(', ');
}

/** One line for each kind of what remains, with ids and reasons. */
export function whatRemains({ remaining }: GetDrainStatusResponse): string[] {
  return remaining.map((one) =>
    one.kind === Kind.UNKNOWN || one.text === '' ? remains(one) : `${remains(one)}: ${one.text}`,
  );
}

function remains({ kind, count, text }: GetDrainStatusResponse_Remaining): string {
  const words = WORDS[kind];
  // Also what a newer gatewayserver names.
  return words ? words(count) : `not known: ${text || 'it does not say what'}`;
}
