import { allHeaders, LinkRewriter, toPrestoHeaders, withoutHeaders, withoutHopByHop } from '@trino-gateway/trino';
import type { Exchange } from '../http/exchange.ts';
import type { ClusterAnswer } from './ask.ts';

/** How an answer is passed on. */
export type RelayOptions = {
  /** Lines to add to the head. */
  extraHeaders?: readonly string[];
  /** Called with the bytes as the cluster sent them, which are overwritten later. */
  onChunk?: (chunk: Buffer) => void;
  /** How long the cluster may pause in the middle. */
  stallTimeMs: number;
};

/** Whether the cluster sent all of its answer, whatever of it reached the client. */
export type RelayOutcome = 'complete' | 'broken';

const SET_COOKIE = 'set-cookie';

// A client that takes nothing for this long has gone, although its connection has not.
const CLIENT_STALL_MS = 300_000;

// About the connection to the cluster, not about the one to the gateway; or orders to a proxy in front of the gateway.
const notForClients: ReadonlySet<string> = new Set([
  'strict-transport-security',
  'alt-svc',
  'x-accel-redirect',
  'x-accel-buffering',
  'x-accel-charset',
  'x-accel-expires',
  'x-accel-limit-rate',
  'x-sendfile',
  'x-lighttpd-send-file',
  'x-reproxy-url',
]);

/** The head of an answer as the client gets it. */
export function headersForClient(
  exchange: Pick<Exchange, 'presto'>,
  rawHeaders: readonly string[],
  { bodyChanges }: { bodyChanges: boolean },
): string[] {
  const kept = withoutHeaders(
    withoutHopByHop(rawHeaders),
    bodyChanges ? new Set([...notForClients, 'content-length', 'etag', 'content-md5']) : notForClients,
  );
  const own = ownCookies(kept);
  return exchange.presto ? toPrestoHeaders(own) : own;
}

/** Cookies are for the host that was asked: a domain that a cluster names is another one, or has others in it. */
function ownCookies(rawHeaders: string[]): string[] {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === SET_COOKIE.length && name.toLowerCase() === SET_COOKIE)
      rawHeaders[at + 1] = (rawHeaders[at + 1] ?? '').replaceAll(/;\s*domain\s*(?:=[^;]*)?(?=;|$)/gi, '');
  }
  return rawHeaders;
}

/** A reason phrase without what could end the line. */
export function cleanReason(statusMessage: string): string {
  return statusMessage.replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
}

/**
 * Streams an answer through, unchanged but for links that must be replaced. Each side is slowed to the pace of the other; a client
 * that hangs up ends the cluster's answer, and a page that the cluster broke off ends as a broken connection.
 */
export function relay(exchange: Exchange, answer: ClusterAnswer, options: RelayOptions): Promise<RelayOutcome> {
  const { response } = exchange;
  const { body } = answer;
  const rewriter = answer.rewrite === undefined || !isJson(answer) ? undefined : new LinkRewriter(answer.rewrite);
  if (response.destroyed || response.headersSent) {
    body.destroy();
    return Promise.resolve('broken');
  }
  // Where there is no body (204) a length would make clients wait for one (RFC 9110, 8.6).
  const bodyChanges = rewriter !== undefined || answer.status === 204;
  response.writeHead(answer.status, cleanReason(answer.statusMessage), [
    ...headersForClient(exchange, answer.rawHeaders, { bodyChanges }),
    ...(options.extraHeaders ?? []),
  ]);
  // It broke off while its head was read: no event will tell of that.
  if (body.closed && !body.complete) {
    breakOff(exchange);
    return Promise.resolve('broken');
  }
  return streamBody(exchange, body, rewriter, options);
}

function streamBody(
  exchange: Exchange,
  body: ClusterAnswer['body'],
  rewriter: LinkRewriter | undefined,
  { onChunk, stallTimeMs }: RelayOptions,
): Promise<RelayOutcome> {
  const { response } = exchange;
  const send = senderTo(response);
  return new Promise((resolve) => {
    let waitsForClient = false;
    let timer: NodeJS.Timeout | undefined;
    const arm = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => body.destroy(), ms);
    };
    const settle = (outcome: RelayOutcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    arm(stallTimeMs);
    const take = (pieces: readonly Buffer[]): boolean => {
      if (onChunk !== undefined) for (const piece of pieces) onChunk(piece);
      const hasRoom = send(rewriter === undefined ? pieces : pieces.flatMap((piece) => rewriter.push(piece)));
      if (hasRoom) timer?.refresh();
      else {
        waitsForClient = true;
        arm(CLIENT_STALL_MS);
      }
      return hasRoom;
    };
    response.on('drain', () => {
      if (!waitsForClient) return;
      waitsForClient = false;
      arm(stallTimeMs);
      body.resume();
    });
    body.once('end', () => {
      if (!body.complete) return;
      const rest = rewriter?.end();
      response.end(rest === undefined || rest.length === 0 ? undefined : rest);
      settle('complete');
    });
    body.on('error', () => {});
    body.once('close', () => {
      if (!body.complete) breakOff(exchange);
      settle(body.complete ? 'complete' : 'broken');
    });
    // What has come and was not taken is not wanted any more, either.
    response.once('close', () => {
      if (!body.closed) body.destroy();
    });
    if (response.lend !== undefined && body.passTo !== undefined) body.passTo(take);
    else {
      body.on('data', (chunk: Buffer) => {
        if (!take([chunk])) body.pause();
      });
      body.resume(); // whoever looked at its beginning has stopped it
    }
  });
}

/** Writes pieces of a body; false: wait for 'drain', until which pieces that are lent are needed. */
function senderTo(response: Exchange['response']): (pieces: readonly Buffer[]) => boolean {
  if (response.lend !== undefined) return (pieces) => response.lend?.(pieces) ?? true;
  return (pieces) => {
    let hasRoom = true;
    for (const piece of pieces) hasRoom = response.write(piece);
    return hasRoom;
  };
}

/** Ends a begun answer so that no client takes it for whole. */
export function breakOff({ request, response }: Pick<Exchange, 'request' | 'response'>): void {
  // Without chunks or a length a closed connection is a clean end: only a reset is not.
  if (request.httpVersion === '1.0') request.socket.resetAndDestroy();
  response.destroy();
}

/** Whether its body may hold links of Trino's. */
export function isJson(answer: Pick<ClusterAnswer, 'rawHeaders'>): boolean {
  return /^application\/json\b/i.test(allHeaders(answer.rawHeaders, 'content-type')[0]?.trim() ?? '');
}
