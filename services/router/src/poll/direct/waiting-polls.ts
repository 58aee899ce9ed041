import { maxWaitMs, pageContentType } from '@trino-gateway/trino';
import { type DirectAnswerer, type DirectConnection, dateLine } from '@trino-gateway/wire';
import type { Attendance } from '../../attendance/attendance.ts';
import type { Attended } from '../../attendance/attended-queries.ts';
import { outsideUrl } from '../../http/client-address.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { FailedPolls } from '../../limits/failed-polls.ts';
import type { HeldPolls } from '../../limits/held-polls.ts';
import { atOnce, type RequestLimits } from '../../limits/request-limits.ts';
import type { Dispatches } from '../../queue/dispatches.ts';
import { queuedMs } from '../../queue/poll-queued.ts';
import { hashOfSecret } from '../../queue/seal.ts';
import { limitOfLink, type Ticket, type TicketReader, waitingPage } from '../../queue/ticket.ts';
import type { OwnLinkDeps } from '../own-link.ts';
import type { Poll } from '../request.ts';
import { type CarriedExchangeDeps, openCarried } from './carried-exchange.ts';
import type { DirectListener } from './direct-poll.ts';
import type { KnownRequest } from './known-requests.ts';

/** A poll of a query that waits in the gateway. */
export type WaitingPoll = {
  request: Extract<Poll, { kind: 'poll' }>;
  known: KnownRequest;
  connection: DirectConnection;
  listener: DirectListener;
};

export type WaitingPollsDeps = CarriedExchangeDeps & {
  gateway: Pick<OwnLinkDeps['gateway'], 'signingKey'>;
  readTicket: TicketReader;
  attendance: Pick<Attendance, 'keep' | 'waits'>;
  dispatches: Pick<Dispatches<never>, 'has'>;
  heldPolls: Pick<HeldPolls, 'holdMs' | 'queuedMs'>;
  failedPolls: Pick<FailedPolls, 'succeeded'>;
  limits: Pick<RequestLimits, 'roomOf'>;
  now: () => number;
  onQueuedPage: () => void;
  /** Answers the poll as all others. */
  poll(exchange: Exchange, request: Poll): void;
};

/**
 * Holds a poll whose client is attended, and answers that its query waits, without any of the objects of an exchange. It becomes one as soon
 * as there is more to say. Undefined: it is to be one from its beginning.
 */
export function holdDirectly(deps: WaitingPollsDeps, poll: WaitingPoll): DirectAnswerer | undefined {
  const { gateway, readTicket, attendance, dispatches, heldPolls, limits } = deps;
  const { request, known, connection, listener } = poll;
  const key = gateway.signingKey();
  const ticket = key && request.phase === 'queued' ? readTicket(request, key) : undefined;
  if (ticket === undefined || dispatches.has(ticket.queryId) || limitOfLink(request.target) !== undefined)
    return undefined;
  const release = atOnce(limits.roomOf(known.client.ip));
  if (release === undefined) return undefined;
  const { queryId } = ticket;
  const carry = () => {
    const exchange = openCarried(deps, { known, listener, release }, connection.carry());
    deps.poll(exchange, request);
  };
  const answer = () => {
    release();
    const { slug, token } = request;
    const waited = { queuedMs: queuedMs(deps, queryId), limit: undefined };
    const page = waitingPage({ origin: outsideUrl(known.client), ticket, slug, token: token + 1, ...waited });
    deps.failedPolls.succeeded(queryId);
    deps.onQueuedPage();
    attendance.waits(queryId);
    listener.passed();
    connection.give(bytesOf(page, connection.closingLines));
  };
  const kept = attendance.keep(attendedBy(ticket), heldPolls.holdMs(maxWaitMs(request.target)), (end) =>
    end === 'over' ? answer() : carry(),
  );
  if (kept === undefined) {
    release();
    return undefined;
  }
  return {
    disturbed: () => {
      kept.letGo();
      carry();
    },
  };
}

/** Apart, so that what is kept of an attended query is its ticket alone, and nothing of its first poll. */
function attendedBy({ queryId, secret }: Ticket): Attended {
  return { queryId, secretHash: () => hashOfSecret(secret) };
}

function bytesOf(page: string, closingLines: string): Buffer {
  const length = Buffer.byteLength(page);
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${pageContentType}\r\nContent-Length: ${length}\r\n${dateLine()}${closingLines}\r\n`;
  const bytes = Buffer.allocUnsafe(head.length + length);
  bytes.write(head, 'latin1');
  bytes.write(page, head.length);
  return bytes;
}
