import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { CertificateAuthority } from '../tls/certificate-authority.ts';

/** A call as the front sees it pass. */
export type SeenCall = { method: string; path: string };

/** What the front does to a call: nothing, its own answer, or none at all. */
export type Fault = { status: number; headers?: Record<string, string> } | 'hang' | 'hang up';

/** Stands in front of an API server, and counts. */
export type KubernetesFront = AsyncDisposable & {
  readonly url: string;
  /** What has passed, faults too. */
  readonly seen: SeenCall[];
  /** Asked about each call; undefined lets it pass. */
  fault: (call: SeenCall) => Fault | undefined;
};

export async function startFront(target: string, authority: CertificateAuthority): Promise<KubernetesFront> {
  const { cert, key } = authority.issue(['127.0.0.1']);
  const seen: SeenCall[] = [];
  const front = { seen, fault: (_: SeenCall): Fault | undefined => undefined };
  const server = createServer({ cert, key }, (asked, answer) => {
    const call = { method: asked.method ?? '', path: asked.url ?? '' };
    seen.push(call);
    const fault = front.fault(call);
    if (fault === 'hang') return;
    if (fault === 'hang up') asked.socket.destroy();
    else if (fault)
      answer
        .writeHead(fault.status, fault.headers)
        .end(JSON.stringify({ kind: 'Status', message: 'a fault of the test' }));
    else passOn(asked, answer, `${target}${call.path}`, authority.cert);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return Object.assign(front, {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  });
}

function passOn(asked: IncomingMessage, answer: ServerResponse, url: string, ca: string): void {
  const { method, headers } = asked;
  const onward = request(url, { method, headers, ca, agent: false }, (answered) => {
    answer.writeHead(answered.statusCode ?? 502, answered.headers);
    answer.flushHeaders();
    answered.pipe(answer);
    answered.on('error', () => answer.destroy());
  });
  onward.on('error', () => asked.socket.destroy()); // as if nobody stood in between
  answer.on('close', () => onward.destroy());
  asked.pipe(onward);
}
