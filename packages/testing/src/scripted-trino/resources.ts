import { randomUUID } from 'node:crypto';
import { type Answered, answerEmpty, answerError, answerJson, answerText, type Exchange } from './answers.ts';
import type { Coordinator } from './coordinator.ts';
import { type Accepted, type Identity, identify } from './identity.ts';
import type { Page } from './phase-links.ts';
import { all, first, properties } from './raw-headers.ts';
import type { ScriptedQuery } from './scripted-query.ts';
import { type Spooling, withOrigin } from './spooling.ts';

/** What the resources need besides the request. */
export type ResourceOptions = {
  coordinator: Coordinator;
  accepted: Accepted;
  version: string;
  /** The body of a POST or PUT. */
  body: string;
  spooling: Spooling | undefined;
};

const notFound = (exchange: Exchange) => answerError(exchange, 404, 'Not Found', 'HTTP 404 Not Found');
const queryNotFound = (exchange: Exchange) => answerError(exchange, 404, 'Not Found', 'Query not found');
const gone = (exchange: Exchange) => answerError(exchange, 410, 'Gone', 'HTTP 410 Gone');
const notAllowed = (exchange: Exchange, allow: string) =>
  answerEmpty(exchange, 405, [
    ['Vary', 'Accept-Encoding'],
    ['Allow', allow],
  ]);
const queryId = /^[_a-z0-9]+$/;

/** Answers one request as a coordinator does. */
export function answer(exchange: Exchange, path: string, options: ResourceOptions): Answered | Promise<Answered> {
  const at = path.indexOf('?');
  const plain = at < 0 ? path : path.slice(0, at);
  if (plain.startsWith('/v1/statement')) return answerStatement(exchange, plain, options);
  if (plain.startsWith('/v1/info')) return answerInfo(exchange, plain, options);
  if (plain.startsWith('/v1/query')) return answerQuery(exchange, plain, at < 0 ? '' : path.slice(at + 1), options);
  if (plain.startsWith('/v1/spooled/')) return options.spooling?.answer(exchange, plain) ?? notFound(exchange);
  if (plain === '/v1/status')
    return answerJson(exchange, JSON.stringify({ nodeId: 'scripted', ...node(options), processors: 1 }));
  if (plain === '/' || plain === '/ui' || plain.startsWith('/ui/')) return answerUi(exchange, plain, options);
  return notFound(exchange);
}

function identified(exchange: Exchange, options: ResourceOptions): Extract<Identity, { user: string }> | undefined {
  const secure = exchange.origin.startsWith('https:');
  const identity = identify(exchange.request.rawHeaders, options.accepted, secure);
  if ('user' in identity) return identity;
  const challenge: [string, string][] = identity.status === 401 ? [['WWW-Authenticate', 'Basic realm="Trino"']] : [];
  answerText(
    exchange,
    identity.status,
    identity.text,
    challenge,
    identity.status === 401 ? 'text/plain;charset=utf-8' : 'text/plain',
  );
  return undefined;
}

function answerStatement(exchange: Exchange, path: string, options: ResourceOptions): Answered | Promise<Answered> {
  const { method } = exchange.request;
  if (path === '/v1/statement' || path === '/v1/statement/') {
    if (method !== 'POST' && method !== 'HEAD') return notAllowed(exchange, 'HEAD,POST,OPTIONS');
    const identity = identified(exchange, options);
    if (identity === undefined) return 'answered';
    if (method === 'HEAD') return answerEmpty(exchange, 200, [['Content-Type', 'application/json']]);
    return submit(exchange, identity, options);
  }
  const [, , , phase, ...rest] = path.split('/');
  if (phase === 'executing' && rest[0] === 'partialCancel' && rest.length === 5)
    return partialCancel(exchange, rest.slice(1), options);
  const [id = '', slug = '', tokenText = ''] = rest;
  if ((phase !== 'queued' && phase !== 'executing') || rest.length !== 3) return notFound(exchange);
  if (!queryId.test(id) || !/^\d+$/.test(tokenText)) return answerEmpty(exchange, 404, [['Vary', 'Accept-Encoding']]);
  const token = Number(tokenText);
  const query = options.coordinator.find(id);
  if (method === 'GET') return poll(exchange, query, phase, slug, token);
  if (method === 'HEAD') {
    if (query === undefined || !query.heartbeat(phase, slug, token)) return answerEmpty(exchange, 404);
    return answerEmpty(exchange, 200, phase === 'queued' ? [['Content-Type', 'application/json']] : []);
  }
  if (method !== 'DELETE')
    return notAllowed(exchange, phase === 'queued' ? 'DELETE,GET,OPTIONS' : 'DELETE,GET,HEAD,OPTIONS');
  if (query === undefined || !query.issued(phase, slug, token)) return queryNotFound(exchange);
  query.cancel();
  return answerEmpty(exchange, 204);
}

function submit(exchange: Exchange, identity: Extract<Identity, { user: string }>, options: ResourceOptions): Answered {
  const { rawHeaders } = exchange.request;
  const refuse = (message: string) => answerError(exchange, 400, 'Bad Request', message);
  if (options.body === '') return refuse('SQL statement is empty');
  const transactionId = first(rawHeaders, 'x-trino-transaction-id')?.trim();
  if (transactionId !== undefined && !/^(none|[0-9a-f-]{36})$/i.test(transactionId))
    return refuse(`Invalid UUID string: ${transactionId}`);
  if (first(rawHeaders, 'x-trino-schema') !== undefined && first(rawHeaders, 'x-trino-catalog') === undefined) {
    return refuse('Schema is set but catalog is not');
  }
  for (const line of all(rawHeaders, 'x-trino-session')) {
    if (line.split(',').some((item) => item.trim() !== '' && item.split('=').length !== 2))
      return refuse('Invalid X-Trino-Session header');
  }
  const query = options.coordinator.submit({
    ...identity,
    statement: options.body,
    source: first(rawHeaders, 'x-trino-source'),
    transactionId: transactionId?.toUpperCase() === 'NONE' ? 'NONE' : transactionId,
    prepared: properties(rawHeaders, 'x-trino-prepared-statement'),
    rawHeaders,
    spooling: takesJson(rawHeaders) ? options.spooling : undefined,
  });
  if (exchange.fault?.kind === 'fail') query.fail(exchange.fault.error);
  return answerPage(exchange, query, query.submitted());
}

const takesJson = (rawHeaders: readonly string[]) =>
  first(rawHeaders, 'x-trino-query-data-encoding')
    ?.split(',')
    .some((name) => name.trim() === 'json') === true;

function poll(
  exchange: Exchange,
  query: ScriptedQuery | undefined,
  phase: 'queued' | 'executing',
  slug: string,
  token: number,
): Answered | Promise<Answered> {
  if (query === undefined) return queryNotFound(exchange);
  if (exchange.fault?.kind === 'fail') query.fail(exchange.fault.error);
  const page = phase === 'queued' ? query.pollQueued(slug, token) : query.pollExecuting(slug, token);
  if (page === 404) return queryNotFound(exchange);
  if (page === 410) return gone(exchange);
  if (page instanceof Promise) return page.then((held) => answerPage(exchange, query, held));
  return answerPage(exchange, query, page);
}

function answerPage(exchange: Exchange, { id, spools }: ScriptedQuery, page: Page): Answered {
  const { origin } = exchange;
  const partial =
    page.partialCancelPath === undefined ? '' : `"partialCancelUri":"${origin}${page.partialCancelPath}",`;
  const next = page.nextPath === undefined ? '' : `"nextUri":"${origin}${page.nextPath}",`;
  return answerJson(
    exchange,
    `{"id":"${id}","infoUri":"${origin}/ui/query.html?${id}",${partial}${next}${spools ? withOrigin(page.tail, origin) : page.tail}}`,
    spools ? [['X-Trino-Query-Data-Encoding', 'json'], ...page.headers] : page.headers,
  );
}

function partialCancel(exchange: Exchange, parts: string[], options: ResourceOptions): Answered {
  const [id = '', , slug = '', token = ''] = parts;
  if (exchange.request.method !== 'DELETE') return notAllowed(exchange, 'DELETE,OPTIONS');
  const query = options.coordinator.find(id);
  if (query === undefined || !query.issued('executing', slug, Number(token))) return queryNotFound(exchange);
  query.finishEarly();
  return answerEmpty(exchange, 204);
}

function node(options: ResourceOptions) {
  const minutes = (Date.now() - options.coordinator.startedAt) / 60_000;
  const uptime = minutes < 1 ? `${(minutes * 60).toFixed(2)}s` : `${minutes.toFixed(2)}m`;
  return {
    nodeVersion: { version: options.version },
    environment: 'test',
    coordinator: true,
    starting: options.coordinator.starting,
    uptime,
  };
}

function answerInfo(exchange: Exchange, path: string, options: ResourceOptions): Answered {
  const { method } = exchange.request;
  if (path !== '/v1/info' && path !== '/v1/info/state' && path !== '/v1/info/coordinator') return notFound(exchange);
  if (method !== 'GET' && method !== 'HEAD')
    return notAllowed(exchange, path === '/v1/info/state' ? 'GET,PUT,OPTIONS' : 'GET,OPTIONS');
  if (path === '/v1/info/coordinator') return answerEmpty(exchange, 200, [['Vary', 'Accept-Encoding']]);
  return answerJson(exchange, path === '/v1/info' ? JSON.stringify(node(options)) : '"ACTIVE"');
}

const queryInfo = ({ id, state, statement, user, source, error }: ScriptedQuery) => ({
  queryId: id,
  session: { queryId: id, user, ...(source === undefined ? {} : { source }) },
  state,
  query: statement,
  ...(error === undefined
    ? {}
    : { errorType: error.type, errorCode: { code: error.code, name: error.name, type: error.type } }),
});

function answerQuery(exchange: Exchange, path: string, query: string, options: ResourceOptions): Answered {
  const [, , resource, id, action] = path.split('/');
  if (resource !== 'query') return notFound(exchange);
  const { method } = exchange.request;
  const { coordinator } = options;
  if (identified(exchange, options) === undefined) return 'answered';
  if (id === undefined || id === '') {
    const states = new URLSearchParams(query).getAll('state');
    const listed = coordinator.all().filter(({ state }) => states.length === 0 || states.includes(state));
    return answerJson(exchange, JSON.stringify(listed.map(queryInfo)));
  }
  if (!queryId.test(id)) return answerEmpty(exchange, 404, [['Vary', 'Accept-Encoding']]);
  if (action === 'killed' || action === 'preempted') {
    if (method !== 'PUT') return notAllowed(exchange, 'PUT,OPTIONS');
    const outcome = coordinator.kill(id, options.body || undefined, action);
    if (outcome === 'accepted') return answerEmpty(exchange, 202);
    return outcome === 'ended' ? answerError(exchange, 409, 'Conflict', 'HTTP 409 Conflict') : gone(exchange);
  }
  if (action !== undefined) return notFound(exchange);
  const found = coordinator.created(id);
  if (method === 'DELETE') {
    found?.cancel();
    return answerEmpty(exchange, 204);
  }
  if (method !== 'GET' && method !== 'HEAD') return notAllowed(exchange, 'DELETE,GET,OPTIONS');
  return found === undefined ? gone(exchange) : answerJson(exchange, JSON.stringify(queryInfo(found)));
}

function answerUi(exchange: Exchange, path: string, options: ResourceOptions): Answered {
  const redirect = (location: string, headers: [string, string][] = []) =>
    answerEmpty(exchange, 303, [
      ['Vary', 'Accept-Encoding'],
      ['Location', `${exchange.origin}${location}`],
      ...headers,
    ]);
  if (path === '/' || path === '/ui') return redirect('/ui/');
  if (path === '/ui/login' && exchange.request.method === 'POST') {
    const user = new URLSearchParams(options.body).get('username') ?? '';
    const token = `${Buffer.from(user).toString('base64url')}.${options.coordinator.suffix}.${randomUUID()}`;
    return redirect('/ui/', [['Set-Cookie', `Trino-UI-Token=${token};Version=1;Path=/ui;HttpOnly`]]);
  }
  if (path === '/ui/login.html')
    return answerText(exchange, 200, '<!doctype html><title>Login</title>', [], 'text/html');
  const loggedIn = first(exchange.request.rawHeaders, 'cookie')?.includes(`.${options.coordinator.suffix}.`) === true;
  if (!path.startsWith('/ui/api/')) {
    return loggedIn
      ? answerText(exchange, 200, '<!doctype html><title>Trino</title>', [], 'text/html')
      : redirect(path === '/ui/' ? '/ui/login.html' : `/ui/login.html?${path}`);
  }
  if (!loggedIn) return answerText(exchange, 401, 'Unauthorized', [['WWW-Authenticate', 'Trino-Form-Login']]);
  if (path === '/ui/api/stats') {
    const states = options.coordinator.all();
    const runningQueries = states.filter(({ state }) => state === 'RUNNING').length;
    return answerJson(
      exchange,
      JSON.stringify({ runningQueries, blockedQueries: 0, queuedQueries: 0, activeCoordinators: 1, activeWorkers: 1 }),
    );
  }
  const found = options.coordinator.created(path.split('/')[4] ?? '');
  return path.startsWith('/ui/api/query/') && found === undefined
    ? gone(exchange)
    : answerJson(
        exchange,
        JSON.stringify(found === undefined ? options.coordinator.all().map(queryInfo) : queryInfo(found)),
      );
}
