import type {
  Backend,
  Backend_Command,
  Backend_KubernetesScale,
  Backend_Scaler,
  Backend_Stackable,
} from '../gen/trinogateway/v1/gateway_pb.ts';
import { check, type Problem, quote } from '../problem.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const KIND = /^[A-Za-z]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;
const VERSION = /^v[0-9]{1,5}((alpha|beta)[0-9]{1,5})?$/;
const MOST_REPLICAS = 10_000;
const MOST_ARGUMENTS = 100;
const ARGUMENT_LENGTH = 4_096;
const LONGEST_RUN_MS = 600_000;
const URL_LENGTH = 2_000;
const STACKABLE_GROUP = 'trino.stackable.tech';

/** All that is wrong with a scaler, with fields below `scaler`. */
export function scalerProblems({ kind }: Backend_Scaler): Problem[] {
  switch (kind.case) {
    case 'stackable':
      return objectProblems('scaler.stackable', kind.value);
    case 'kubernetesScale':
      return scaleProblems('scaler.kubernetes_scale', kind.value);
    case 'webhook':
      return check(
        isServiceUrl(kind.value.url),
        'scaler.webhook.url',
        `expected an http or https URL with a host and no user or fragment, got ${quote(kind.value.url)}`,
      );
    case 'command':
      return commandProblems('scaler.command', kind.value);
    case undefined:
      return [{ field: 'scaler', message: 'expected one of stackable, kubernetes_scale, webhook and command' }];
  }
}

/**
 * The object that the scaler starts and stops, as text that is equal for two backends only if they would start and stop the same one;
 * undefined where the backend's id tells one from the other, as for webhooks and commands.
 */
export function scalerTarget(backend: Pick<Backend, 'scaler'>): string | undefined {
  const kind = backend.scaler?.kind;
  if (kind?.case === 'stackable')
    return `TrinoCluster ${kind.value.namespace}/${kind.value.name} of ${STACKABLE_GROUP}`;
  if (kind?.case !== 'kubernetesScale') return undefined;
  const { apiVersion, kind: name, namespace, name: object } = kind.value;
  // Versions are views of the same object.
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : 'core';
  return `${name} ${namespace}/${object} of ${group}`;
}

function objectProblems(
  field: string,
  { namespace, name }: Pick<Backend_Stackable | Backend_KubernetesScale, 'namespace' | 'name'>,
): Problem[] {
  return [
    ...check(
      LABEL.test(namespace),
      `${field}.namespace`,
      `expected the name of a namespace: 1 to 63 small letters, digits and dashes, got ${quote(namespace)}`,
    ),
    ...check(
      isSubdomain(name),
      `${field}.name`,
      `expected the name of an object: up to 253 small letters, digits, dashes and dots, got ${quote(name)}`,
    ),
  ];
}

function scaleProblems(field: string, scale: Backend_KubernetesScale): Problem[] {
  const { apiVersion, kind, replicas } = scale;
  return [
    ...check(
      isApiVersion(apiVersion),
      `${field}.api_version`,
      `expected v1 or group/version such as apps/v1, got ${quote(apiVersion)}`,
    ),
    ...check(KIND.test(kind), `${field}.kind`, `expected a kind such as Deployment, got ${quote(kind)}`),
    ...objectProblems(field, scale),
    ...check(
      replicas >= 0 && replicas <= MOST_REPLICAS,
      `${field}.replicas`,
      `expected 0 (meaning 1) to ${MOST_REPLICAS}, got ${replicas}`,
    ),
  ];
}

function commandProblems(field: string, { start, stop, state, timeLimitMs }: Backend_Command): Problem[] {
  const lists = { start, stop, state };
  return [
    ...Object.entries(lists).flatMap(([name, list]) => argumentProblems(`${field}.${name}`, list)),
    ...check(
      timeLimitMs >= 0 && timeLimitMs <= LONGEST_RUN_MS,
      `${field}.time_limit_ms`,
      `expected 0 (meaning 30000) to ${LONGEST_RUN_MS}, got ${timeLimitMs}`,
    ),
  ];
}

function argumentProblems(field: string, list: readonly string[]): Problem[] {
  const [program = ''] = list;
  return [
    ...check(
      program.startsWith('/') && !/\p{Cc}/u.test(program),
      field,
      `expected the absolute path of a program, then its arguments, got ${list.length === 0 ? 'none' : quote(program)}`,
    ),
    ...check(
      list.length <= MOST_ARGUMENTS && list.every((one) => one.length <= ARGUMENT_LENGTH && !one.includes('\0')),
      field,
      `expected at most ${MOST_ARGUMENTS} arguments of up to ${ARGUMENT_LENGTH} characters, none of them NUL`,
    ),
  ];
}

function isSubdomain(text: string): boolean {
  return text.length <= 253 && text.split('.').every((part) => LABEL.test(part));
}

function isApiVersion(text: string): boolean {
  const [version = '', group, ...rest] = text.split('/').reverse();
  return VERSION.test(version) && rest.length === 0 && (group === undefined || isSubdomain(group));
}

function isServiceUrl(text: string): boolean {
  if (text.length > URL_LENGTH || !/^https?:\/\/[^\s#\\]+$/i.test(text) || !URL.canParse(text)) return false;
  const { hostname, username, password } = new URL(text);
  return hostname !== '' && username === '' && password === '' && !/^https?:\/\/[^/?]*@/i.test(text);
}
