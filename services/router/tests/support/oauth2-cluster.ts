import { createHash, randomUUID } from 'node:crypto';
import type http from 'node:http';
import { answerJson, firstPage, type Stub, startStub } from './stub-cluster.ts';

/** A cluster that asks for OAuth2, as Trino 476 does: logins live in its memory, and one it does not know goes on for ever. */
export type OAuth2Cluster = Stub & {
  /** Method, path and query of what it was asked below /oauth2 and /ui. */
  asked(): string[];
  /** The token of a login that has come to its end; the cluster lets in who brings it. */
  tokens: Map<string, string>;
};

export type OAuth2ClusterOptions = {
  /** Names itself in its links, whatever it is told. */
  isDeaf?: boolean;
  /** Answers 406 to X-Forwarded-*. */
  isRejecting?: boolean;
  /** Asks nobody to log in to its web UI, which has moved. */
  isOpen?: boolean;
  /** Breaks off its answers to polls for a token. */
  breaksOff?: boolean;
};

export const PROVIDER = 'http://idp.example/auth';
const hashOf = (id: string) => createHash('sha256').update(id).digest('hex');

export async function startOAuth2Cluster(options: OAuth2ClusterOptions = {}): Promise<OAuth2Cluster> {
  const tokens = new Map<string, string>();
  const idsByHash = new Map<string, string>();
  const stub: Stub = await startStub((request, response) => {
    const forwarded = Object.keys(request.headers).some((name) => name.startsWith('x-forwarded-'));
    if (options.isRejecting === true && forwarded) {
      response.writeHead(406).end();
      return;
    }
    const proto = request.headers['x-forwarded-proto'] ?? 'http';
    const origin =
      options.isDeaf === true ? stub.url : `${proto}://${request.headers['x-forwarded-host'] ?? request.headers.host}`;
    const { pathname, search, searchParams } = new URL(request.url ?? '', origin);
    const toProvider = (handler?: string) => {
      const state = [{ alg: 'HS256' }, { handler_state: handler, of: stub.url }, 'signed'].map((part) =>
        Buffer.from(JSON.stringify(part)).toString('base64url'),
      );
      const query = new URLSearchParams({
        redirect_uri: `${origin}/oauth2/callback`,
        state: state.join('.'),
        nonce: 'n',
      });
      response.writeHead(303, {
        Location: `${PROVIDER}?${query}`,
        'Set-Cookie': '__Secure-Trino-Nonce=n;Path=/oauth2',
      });
      response.end();
    };
    const challenge = () => {
      const id = randomUUID();
      idsByHash.set(hashOf(id), id);
      const links = [`x_redirect_server="${origin}/oauth2/token/initiate/${hashOf(id)}"`];
      links.push(`x_token_server="${origin}/oauth2/token/${id}"`);
      response.writeHead(401, { 'WWW-Authenticate': [`Bearer ${links.join(', ')}`, 'Basic realm="Trino"'] });
      response.end('Unauthorized');
    };
    const callback = () => {
      const state = JSON.parse(Buffer.from(searchParams.get('state')?.split('.')[1] ?? '', 'base64url').toString());
      if (state.of !== stub.url) throw new Error('the state of another cluster');
      if (state.handler_state === undefined) {
        response.writeHead(303, { Location: `${origin}/ui/`, 'Set-Cookie': '__Secure-Trino-OAuth2-Token=t;Path=/ui' });
      } else tokens.set(idsByHash.get(state.handler_state) ?? '', `token of ${searchParams.get('code')}`);
      response.end('logged in');
    };
    const bearer = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (pathname.startsWith('/oauth2/token/initiate/')) toProvider(pathname.slice(23));
    else if (pathname === '/oauth2/callback') callback();
    else if (pathname.startsWith('/oauth2/token/')) tokenPoll(request, response, { id: pathname.slice(14), origin });
    else if (pathname.startsWith('/ui/logout')) response.writeHead(200).end(pathname + search);
    else if (options.isOpen === true) response.writeHead(303, { Location: `${origin}/ui/` }).end();
    else if (pathname.startsWith('/ui'))
      if (/OAuth2-Token=/.test(request.headers.cookie ?? '')) response.end('the pages');
      else toProvider();
    else if (![...tokens.values()].includes(bearer)) challenge();
    else answerJson(response, firstPage(request));
  });
  const tokenPoll = (
    { method }: http.IncomingMessage,
    response: http.ServerResponse,
    { id, origin }: { id: string; origin: string },
  ) => {
    if (options.breaksOff === true) {
      response.writeHead(200, { 'Content-Length': '100' }).write('{"nextUri"');
      setTimeout(() => response.destroy(), 20);
    } else if (method === 'DELETE') {
      tokens.delete(id);
      response.end();
    } else {
      const token = tokens.get(id);
      answerJson(
        response,
        JSON.stringify(token === undefined ? { nextUri: `${origin}/oauth2/token/${id}` } : { token }),
      );
    }
  };
  const asked = () =>
    stub.requests
      .filter(({ url }) => /^\/(oauth2|ui)/.test(url ?? ''))
      .map(({ method, url }) => `${method} ${decodeURIComponent(url ?? '')}`);
  return Object.assign(stub, { asked, tokens });
}
