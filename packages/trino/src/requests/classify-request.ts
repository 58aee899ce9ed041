import { queryIdIn } from '../identifiers/query-id.ts';
import { type NamedCoordinator, splitCoordinatorPath } from './coordinator-path.ts';
import { CALLBACK_PATH, type LoginStep, loginLink, loginPath } from './login-links.ts';

/**
 * Which resource of Trino a request is for, with what its path says. `target` is the origin form to send on; `coordinator` what
 * the path before it says (coordinator-path.ts).
 */
export type TrinoRequest =
  | { kind: 'submit'; target: string }
  /** HEAD /v1/statement: are these credentials good? */
  | { kind: 'validate'; target: string }
  | {
      kind: 'poll';
      target: string;
      method: 'GET' | 'HEAD' | 'DELETE';
      phase: 'queued' | 'executing';
      queryId: string;
      slug: string;
      token: number;
      coordinator?: NamedCoordinator;
    }
  | {
      kind: 'partialCancel';
      target: string;
      queryId: string;
      stage: string;
      slug: string;
      token: number;
      coordinator?: NamedCoordinator;
    }
  | { kind: 'info'; target: string; resource: 'info' | 'state' | 'coordinator' }
  | { kind: 'status'; target: string }
  /** The workers of a cluster, as Cube asks for them to test a connection. */
  | { kind: 'nodes'; target: string }
  /** Which methods a path takes. */
  | { kind: 'options'; target: string; allow: string }
  | { kind: 'query'; target: string; queryId: string; action: 'get' | 'cancel' | 'killed' | 'preempted' }
  | { kind: 'queryList'; target: string }
  /** `queryId` when the path or query string names one. */
  | { kind: 'ui'; target: string; queryId: string | undefined }
  /** A segment of a spooled result, or the word that its client has it. */
  | { kind: 'spooled'; target: string; action: 'download' | 'ack'; coordinator?: NamedCoordinator }
  /** It is at `target`. */
  | { kind: 'moved'; target: string }
  /** A link of a login with OAuth2. */
  | { kind: 'login'; target: string; step: LoginStep; id: string }
  /** The identity provider has sent the browser back; `query` is what it says. */
  | { kind: 'loginCallback'; target: string; query: string }
  /** To be refused at once: not served, not allowed here, or not a request that Trino understands. */
  | RefusedRequest;

/** A request that is not forwarded. `message` follows `Error 404 Not Found: `. */
export type RefusedRequest =
  | { kind: 'refused'; status: 400 | 404; message: string }
  | { kind: 'refused'; status: 405; message: string; allow: string };

/** The parts of a request line that decide. */
export type RequestLine = {
  method: string;
  /** As on the wire: origin form, or absolute form. */
  target: string;
  /** Whether `host[:port]` of an absolute-form target names this gateway; the scheme in lower case. Absent: none does. */
  isOwnAuthority?: (authority: string, scheme: string) => boolean;
  /** Below this path a proxy serves the gateway: taken off a target that still has it. */
  prefix?: string;
};

/** Trino's own are 44 characters; what other spooling managers may make of them fits, too. */
const LONGEST_SEGMENT_ID = 8_192;

/** Which resource a request is for. The list of paths is closed: what Trino keeps for itself or for its workers is 404. */
export function classifyRequest(line: RequestLine): TrinoRequest {
  const { method, target } = line;
  if (method !== 'OPTIONS') return classifyTarget(line);
  if (target === '*') return { kind: 'options', target, allow: 'DELETE,GET,HEAD,POST,PUT,OPTIONS' };
  const asked = classifyTarget(line);
  return asked.kind === 'refused' && asked.status === 405 ? { kind: 'options', target, allow: asked.allow } : asked;
}

function classifyTarget({ method, target, isOwnAuthority, prefix = '' }: RequestLine): TrinoRequest {
  const origin = withoutPrefix(originForm(target, isOwnAuthority), prefix);
  if (origin === undefined) return refused(400, 'Request target is not acceptable');
  const { path, query } = splitQuery(origin);
  if (!isClean(path) || hasControl(query)) return refused(400, 'Request target is not acceptable');
  const below = splitCoordinatorPath(origin);
  return below === undefined
    ? classifyPath(method, origin)
    : ofCoordinator(below.named, classifyPath(method, below.rest));
}

function classifyPath(method: string, target: string): TrinoRequest {
  const { path, query } = splitQuery(target);
  const parts = path.split('/').slice(1);
  if (parts[0] === 'v1') return classifyV1(method, target, parts);
  if (path === '/' || path === '/ui' || parts[0] === 'ui') return classifyUi(method, target, parts, query);
  if (parts[0] === 'oauth2') return classifyLogin(method, target, path, query);
  return notServed;
}

function splitQuery(target: string): { path: string; query: string } {
  const at = target.indexOf('?');
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) };
}

/** Only links that a page of a query holds lie below the path of a coordinator. */
function ofCoordinator(coordinator: NamedCoordinator, request: TrinoRequest): TrinoRequest {
  switch (request.kind) {
    case 'poll':
    case 'partialCancel':
    case 'spooled':
      return { ...request, coordinator };
    case 'ui':
      return { kind: 'moved', target: request.target };
    case 'refused':
      return request;
    default:
      return notServed;
  }
}

function classifyLogin(method: string, target: string, path: string, query: string): TrinoRequest {
  if (path === CALLBACK_PATH) return allowed(method, ['GET', 'HEAD'], { kind: 'loginCallback', target, query });
  const link = loginLink(path);
  if (link === undefined || loginPath(link) !== path) return notServed;
  return allowed(method, link.step === 'token' ? ['DELETE', 'GET', 'HEAD'] : ['GET', 'HEAD'], {
    kind: 'login',
    target,
    ...link,
  });
}

function classifyV1(method: string, target: string, parts: string[]): TrinoRequest {
  const [, resource, ...rest] = parts;
  if (resource === 'statement') return classifyStatement(method, target, rest);
  if (resource === 'query') return classifyQuery(method, target, rest);
  if (resource === 'info') {
    const name = rest[0] ?? 'info';
    if (rest.length > 1 || (name !== 'state' && name !== 'coordinator' && rest.length === 1)) return notServed;
    return allowed(method, ['GET', 'HEAD'], {
      kind: 'info',
      target,
      resource: name as 'info' | 'state' | 'coordinator',
    });
  }
  if (resource === 'node' && rest.length === 0) return allowed(method, ['GET', 'HEAD'], { kind: 'nodes', target });
  if (resource === 'status' && rest.length === 0) return allowed(method, ['GET', 'HEAD'], { kind: 'status', target });
  if (resource === 'spooled') return classifySpooled(method, target, rest);
  return notServed;
}

function classifyStatement(method: string, target: string, rest: string[]): TrinoRequest {
  if (rest.length === 0 || (rest.length === 1 && rest[0] === '')) {
    if (method === 'POST') return { kind: 'submit', target };
    return allowed(method, ['HEAD', 'POST'], { kind: 'validate', target });
  }
  const [phase, ...names] = rest;
  if (phase === 'executing' && names[0] === 'partialCancel') {
    const [, queryId = '', stage = '', slug = '', token = ''] = names;
    if (names.length !== 5 || !isQueryId(queryId) || !isToken(token)) return notServed;
    return allowed(method, ['DELETE'], { kind: 'partialCancel', target, queryId, stage, slug, token: Number(token) });
  }
  const [queryId = '', slug = '', token = ''] = names;
  if ((phase !== 'queued' && phase !== 'executing') || names.length !== 3 || !isQueryId(queryId) || !isToken(token))
    return notServed;
  const poll = { kind: 'poll', target, phase, queryId, slug, token: Number(token) } as const;
  if (method === 'GET' || method === 'HEAD' || method === 'DELETE') return { ...poll, method };
  return notAllowed(['DELETE', 'GET', 'HEAD']);
}

function classifyQuery(method: string, target: string, rest: string[]): TrinoRequest {
  const [queryId = '', action] = rest;
  if (queryId === '' && rest.length <= 1) return allowed(method, ['GET', 'HEAD'], { kind: 'queryList', target });
  if (!isQueryId(queryId) || rest.length > 2) return notServed;
  if (action === 'killed' || action === 'preempted')
    return allowed(method, ['PUT'], { kind: 'query', target, queryId, action });
  if (action !== undefined) return notServed;
  if (method === 'DELETE') return { kind: 'query', target, queryId, action: 'cancel' };
  return allowed(method, ['DELETE', 'GET', 'HEAD'], { kind: 'query', target, queryId, action: 'get' });
}

function classifySpooled(method: string, target: string, [action, id = '', ...more]: string[]): TrinoRequest {
  if ((action !== 'download' && action !== 'ack') || id === '' || id.length > LONGEST_SEGMENT_ID || more.length > 0)
    return notServed;
  return allowed(method, ['GET', 'HEAD'], { kind: 'spooled', target, action });
}

function classifyUi(method: string, target: string, parts: string[], query: string): TrinoRequest {
  const inPath = parts[1] === 'api' && parts[2] === 'query' ? parts[3] : undefined;
  const queryId = inPath !== undefined && isQueryId(inPath) ? inPath : queryIdIn(query);
  return allowed(method, ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'], { kind: 'ui', target, queryId });
}

function allowed(method: string, methods: readonly string[], request: TrinoRequest): TrinoRequest {
  return methods.includes(method) ? request : notAllowed(methods);
}

function notAllowed(methods: readonly string[]): RefusedRequest {
  return {
    kind: 'refused',
    status: 405,
    message: 'HTTP 405 Method Not Allowed',
    allow: [...methods, 'OPTIONS'].join(','),
  };
}

const refused = (status: 400 | 404, message: string): RefusedRequest => ({ kind: 'refused', status, message });
const notServed = refused(404, 'HTTP 404 Not Found');

const isQueryId = (text: string) => text.length <= 128 && /^[_a-z0-9]+$/.test(text);
const isToken = (text: string) => /^\d{1,15}$/.test(text);

function originForm(target: string, isOwnAuthority: RequestLine['isOwnAuthority']): string | undefined {
  if (target.startsWith('/')) return target.startsWith('//') ? undefined : target;
  const match = /^(https?):\/\/([^/?#@\\]+)(\/[^#]*)?$/i.exec(target);
  const [, scheme = '', authority = '', path = '/'] = match ?? [];
  return isOwnAuthority?.(authority, scheme.toLowerCase()) === true ? path : undefined;
}

function withoutPrefix(target: string | undefined, prefix: string): string | undefined {
  if (prefix === '' || target?.startsWith(prefix) !== true) return target;
  const rest = target.slice(prefix.length);
  if (rest.startsWith('/')) return rest.startsWith('//') ? undefined : rest;
  return rest === '' || rest.startsWith('?') ? `/${rest}` : target;
}

// Printable ASCII only, no path parameters, and nothing that a server behind us could read as another path than we do.
function isClean(path: string): boolean {
  if (!/^[!-~]+$/.test(path) || /[\\;#"<>^`{|}]/.test(path)) return false;
  if (/%(?![0-9a-f]{2})|%(?:2[ef5]|5c|3b|[01][0-9a-f]|7f)/i.test(path)) return false;
  const parts = path.split('/').slice(1);
  return parts.every((part, at) => part !== '.' && part !== '..' && (part !== '' || at === parts.length - 1));
}

function hasControl(query: string): boolean {
  return /[^!-~\u0080-\u00ff]/.test(query) || query.includes('#');
}
