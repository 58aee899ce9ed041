import { allHeaders, withoutHeaders } from '@trino-gateway/trino';
import { claimOf } from '../auth/claim.ts';
import type { DecidedHeaders } from '../dispatch/headers/decided-headers.ts';
import type { Submission } from '../dispatch/submission.ts';
import type { ClientView } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { sealRecord, unsealRecord } from './seal.ts';
import type { Ticket } from './ticket.ts';

/** What is kept of a submission while it waits. */
export type WaitingStatement = DecidedHeaders & {
  submissionId: string;
  /** As the client sent it. */
  body: Buffer;
  /** What may go to a cluster, as in Exchange. */
  rawHeaders: readonly string[];
  listeningPort: number;
  client: ClientView;
  presto: boolean;
  /** The user, when delegated authentication has checked them. */
  checkedUser?: string | undefined;
  user: string;
  /** Epoch milliseconds, of the router that took it in. */
  submittedAt: number;
  /** From then until it was queued, in milliseconds. Absent where an earlier version sealed it. */
  elapsedMs?: number;
  /** Of the decision that it has to wait; earlier versions kept of its headers the source alone. */
  groupId: string;
  decidedBy: string;
};

/** Encrypts what is needed to submit a statement later. */
export function sealStatement(
  { id, exchange, body, user, submittedAt }: Submission,
  decision: DecidedHeaders & Pick<WaitingStatement, 'groupId' | 'decidedBy' | 'elapsedMs'>,
  { queryId, secret }: Ticket,
): Uint8Array<ArrayBuffer> {
  const { rawHeaders, listeningPort, client, presto, user: checkedUser } = exchange;
  const facts: Omit<WaitingStatement, 'body'> = {
    submissionId: id,
    rawHeaders,
    listeningPort,
    client,
    presto,
    checkedUser,
    user,
    submittedAt,
    ...decision,
  };
  return sealRecord(facts, body, { kind: 'statement', queryId, secret });
}

/** What was sealed; undefined when it cannot be opened with this ticket. */
export function unsealStatement(sealed: Uint8Array, { queryId, secret }: Ticket): WaitingStatement | undefined {
  const record = unsealRecord(sealed, { kind: 'statement', queryId, secret });
  return record && { ...(record.facts as Omit<WaitingStatement, 'body'>), body: record.bytes };
}

const credentialHeaders = ['authorization', 'cookie', 'x-trino-extra-credential'] as const;

/**
 * The submission that this poll makes: what the client sent then, with the credentials it sends now, since the old ones may have run
 * out. Credentials of another user are not taken: the query counts for the first.
 */
export function resubmission(waiting: WaitingStatement, poll: Exchange): Submission {
  const newer = credentialHeaders.filter((name) => allHeaders(poll.rawHeaders, name).length > 0);
  const renewed = [
    ...withoutHeaders(waiting.rawHeaders, new Set(newer)),
    ...newer.flatMap((name) => allHeaders(poll.rawHeaders, name).flatMap((value) => [name, value])),
  ];
  const isTheirs = claimOf({ rawHeaders: renewed }).user === claimOf({ rawHeaders: waiting.rawHeaders }).user;
  const rawHeaders = isTheirs ? renewed : waiting.rawHeaders;
  const exchange: Exchange = {
    ...poll,
    rawHeaders,
    listeningPort: waiting.listeningPort,
    presto: waiting.presto,
    ...(waiting.checkedUser === undefined ? {} : { user: waiting.checkedUser }),
  };
  const { submissionId: id, body, user, submittedAt } = waiting;
  return { id, exchange, body, statement: body.toString(), user, submittedAt };
}
