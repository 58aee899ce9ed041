import { scheduleProblems } from '@trino-gateway/schedule';
import { isBearerToken, TOKEN_SHAPE } from '../bearer-token.ts';
import {
  type Backend,
  Backend_ForwardedHeadersSchema,
  Backend_ForwardingSchema,
  type Backend_Probe,
  Backend_Probe_Kind,
  Backend_Probe_KindSchema,
  Backend_Probe_Load_Source,
  type Backend_Tls,
} from '../gen/trinogateway/v1/gateway_pb.ts';
import { isHost } from '../policy-rules/host.ts';
import {
  check,
  countProblem,
  enumProblem,
  headerTextProblem,
  idProblem,
  isHeaderText,
  isId,
  type Problem,
  quote,
  setProblem,
  TEXT_LENGTH,
} from '../problem.ts';
import { HIDDEN_SECRET, isSealed, SEALED_PREFIX } from '../sealed-secret.ts';
import { loadProblems } from './probe-load.ts';
import { scalerProblems } from './scaler.ts';

const PROBE_STATEMENT_LENGTH = 10_000;

/** All that is wrong with a backend by itself; empty when it can be stored. */
export function backendProblems(backend: Backend): Problem[] {
  return [
    ...idProblem('id', backend.id),
    ...originProblem('url', backend.url, 'expected'),
    ...(backend.externalUrl === '' ? [] : originProblem('external_url', backend.externalUrl, 'expected nothing, or')),
    ...scheduleProblems(backend.uptimeSchedule, backend.timeZone),
    ...check(
      Number.isFinite(backend.loadThreshold) && backend.loadThreshold >= 0,
      'load_threshold',
      `expected 0 (none) or more, got ${backend.loadThreshold}`,
    ),
    ...check(
      backend.weight >= 0 && backend.weight <= 1_000_000,
      'weight',
      `expected 0 (meaning 1) to 1000000, got ${backend.weight}`,
    ),
    ...labelProblems(backend.labels),
    ...setProblem(backend.appliedSet),
    ...enumProblem('forwarded_headers', Backend_ForwardedHeadersSchema, backend.forwardedHeaders),
    ...enumProblem('forwarding', Backend_ForwardingSchema, backend.forwarding),
    ...countProblem('max_running_queries', backend.maxRunningQueries),
    ...(backend.probe ? probeProblems(backend.probe) : []),
    ...(backend.tls ? tlsProblems(backend.tls, backend.url) : []),
    ...(backend.scaler ? scalerProblems(backend.scaler) : []),
  ];
}

function originProblem(field: string, url: string, expected: string): Problem[] {
  return check(
    isOrigin(url),
    field,
    `${expected} an http or https URL with a host and no path, user, query or fragment, got ${quote(url)}`,
  );
}

function isOrigin(text: string): boolean {
  if (text.length > 2_000 || !/^https?:\/\/[^\s/?#@\\]+\/?$/i.test(text) || !URL.canParse(text)) return false;
  return new URL(text).hostname !== '';
}

function labelProblems(labels: Backend['labels']): Problem[] {
  return [
    ...check(Object.keys(labels).length <= 64, 'labels', 'expected at most 64 labels'),
    ...Object.entries(labels).flatMap(([key, value]) => [
      ...check(isId(key), 'labels', `expected label names like ids, got ${quote(key)}`),
      ...check(
        value.length <= 256,
        'labels',
        `expected values of up to 256 characters, ${quote(key)} has ${value.length}`,
      ),
    ]),
  ];
}

function probeProblems({ kind, statement, user, password, token, tokenFile, load }: Backend_Probe): Problem[] {
  return [
    ...(load ? loadProblems(load) : []),
    ...check(
      kind !== Backend_Probe_Kind.INFO_ONLY || load?.source !== Backend_Probe_Load_Source.SQL,
      'probe.load.source',
      'expected GATEWAY_METRICS or OPEN_METRICS: a probe of kind INFO_ONLY runs no statement',
    ),
    ...enumProblem('probe.kind', Backend_Probe_KindSchema, kind),
    ...check(
      kind !== Backend_Probe_Kind.INFO_ONLY || statement === '',
      'probe.statement',
      'expected none: a probe of kind INFO_ONLY runs no statement',
    ),
    ...check(
      statement.length <= PROBE_STATEMENT_LENGTH,
      'probe.statement',
      `expected up to ${PROBE_STATEMENT_LENGTH} characters`,
    ),
    ...headerTextProblem('probe.user', user),
    ...secretProblems(password, token),
    ...pathProblem('probe.token_file', tokenFile),
    ...check(
      tokenFile === '' || (token === '' && password === ''),
      'probe.token_file',
      'expected only one of password, token and token_file',
    ),
    ...check(password === '' || user !== '', 'probe.user', 'expected the user the password belongs to'),
    ...check(
      password === '' || !user.includes(':'),
      'probe.user',
      'expected no colon: it ends the user beside a password',
    ),
  ];
}

/** All that is wrong with the TLS settings for a URL, with fields below `tls`. */
export function tlsProblems({ caFile, certFile, keyFile, serverName }: Backend_Tls, url: string): Problem[] {
  const paths = { 'tls.ca_file': caFile, 'tls.cert_file': certFile, 'tls.key_file': keyFile };
  return [
    ...check(/^https:/i.test(url), 'tls', 'expected only with an https url'),
    ...Object.entries(paths).flatMap(([field, path]) => pathProblem(field, path)),
    ...check((certFile === '') === (keyFile === ''), 'tls.key_file', 'expected cert_file and key_file together'),
    ...check(
      serverName === '' || (/^[a-z]/i.test(serverName) && isHost(serverName)),
      'tls.server_name',
      `expected a host name, got ${quote(serverName)}`,
    ),
  ];
}

function pathProblem(field: string, path: string): Problem[] {
  return check(
    path === '' || isPath(path),
    field,
    `expected an absolute path of up to ${TEXT_LENGTH} characters, none of them a control character, got ${quote(path)}`,
  );
}

function isPath(text: string): boolean {
  return text.startsWith('/') && text.length <= TEXT_LENGTH && !/\p{Cc}/u.test(text);
}

function secretProblems(password: string, token: string): Problem[] {
  return [
    ...check(
      isHeaderText(password),
      'probe.password',
      `expected up to ${TEXT_LENGTH} printable characters of ISO 8859-1 (Latin-1), as Trino reads passwords`,
    ),
    ...check(
      !isSealed(password),
      'probe.password',
      `expected a password that does not begin with ${SEALED_PREFIX}, which marks passwords that are stored encrypted`,
    ),
    ...check(
      token === '' || token === HIDDEN_SECRET || isBearerToken(token),
      'probe.token',
      `expected a bearer token: ${TOKEN_SHAPE}`,
    ),
    ...check(password === '' || token === '', 'probe.token', 'expected either a password or a token'),
  ];
}
