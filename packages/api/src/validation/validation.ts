import { scheduleProblems } from '@trino-gateway/schedule';
import { comparableHost } from '@trino-gateway/trino/host';
import type { Backend, Group, Policy } from '../gen/trinogateway/v1/gateway_pb.ts';
import { isSealed, SEALED_PREFIX } from '../sealed-secret.ts';

/** One thing that is wrong with an object: the field as the contract spells it, and what was expected. */
export type Problem = { field: string; message: string };

const ID = /^[A-Za-z0-9._-]{1,128}$/;
const PROBE_STATEMENT_LENGTH = 10_000;
const TEXT_LENGTH = 1_000;

/** Whether a text is an id: `[A-Za-z0-9._-]{1,128}`. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** All that is wrong with a backend by itself; empty when it can be stored. */
export function backendProblems(backend: Backend): Problem[] {
  return [
    ...idProblem('id', backend.id),
    ...check(
      isOrigin(backend.url),
      'url',
      `expected an http or https URL with a host and no path, user, query or fragment, got ${quote(backend.url)}`,
    ),
    ...check(
      backend.externalUrl === '' || isOrigin(backend.externalUrl),
      'external_url',
      `expected nothing, or an http or https URL with a host and no path, user, query or fragment, got ${quote(backend.externalUrl)}`,
    ),
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
    ...check(Object.keys(backend.labels).length <= 64, 'labels', 'expected at most 64 labels'),
    ...Object.entries(backend.labels).flatMap(([key, value]) => [
      ...check(isId(key), 'labels', `expected label names like ids, got ${quote(key)}`),
      ...check(
        value.length <= 256,
        'labels',
        `expected values of up to 256 characters, ${quote(key)} has ${value.length}`,
      ),
    ]),
    ...enumProblem('forwarded_headers', backend.forwardedHeaders, 3),
    ...enumProblem('forwarding', backend.forwarding, 2),
    ...countProblem('max_running_queries', backend.maxRunningQueries),
    ...check(
      (backend.probe?.statement.length ?? 0) <= PROBE_STATEMENT_LENGTH,
      'probe.statement',
      `expected up to ${PROBE_STATEMENT_LENGTH} characters`,
    ),
    ...check(
      isHeaderText(backend.probe?.user ?? ''),
      'probe.user',
      `expected up to ${TEXT_LENGTH} printable characters`,
    ),
    ...check(
      (backend.probe?.password.length ?? 0) <= TEXT_LENGTH,
      'probe.password',
      `expected up to ${TEXT_LENGTH} characters`,
    ),
    ...check(
      !isSealed(backend.probe?.password),
      'probe.password',
      `expected a password that does not begin with ${SEALED_PREFIX}: so does what is stored encrypted`,
    ),
    ...check(
      !backend.probe?.password || !!backend.probe.user,
      'probe.user',
      'expected the user the password belongs to',
    ),
  ];
}

/** All that is wrong with a group by itself; whether its members exist is for the caller to know. */
export function groupProblems(group: Group): Problem[] {
  return [
    ...idProblem('id', group.id),
    ...check(group.backendIds.length > 0, 'backend_ids', 'expected at least one backend'),
    ...check(group.backendIds.length <= 10_000, 'backend_ids', 'expected at most 10000 backends'),
    ...check(new Set(group.backendIds).size === group.backendIds.length, 'backend_ids', 'expected each backend once'),
    ...group.backendIds.flatMap((id) => idProblem('backend_ids', id)).slice(0, 5),
    ...enumProblem('strategy', group.strategy, 6),
    ...countProblem('max_running_queries_per_backend', group.maxRunningQueriesPerBackend),
    ...queueProblems(group.queue),
  ];
}

/** All that is wrong with a policy by itself; whether its groups exist is for the caller to know. */
export function policyProblems(policy: Policy): Problem[] {
  const byPortOrHost = policy.rule.case === 'listeningPort' || policy.rule.case === 'host';
  return [
    ...idProblem('id', policy.id),
    ...ruleProblems(policy),
    ...idProblem('group_id', policy.groupId),
    ...(policy.fallbackGroupId === '' ? [] : idProblem('fallback_group_id', policy.fallbackGroupId)),
    ...check(
      !policy.authDelegated || byPortOrHost,
      'auth_delegated',
      'expected only with a listening_port or host rule',
    ),
    ...check(
      isHeaderText(policy.requestSource),
      'request_source',
      `expected up to ${TEXT_LENGTH} printable characters`,
    ),
    ...check(
      Number.isInteger(policy.priority) && Math.abs(policy.priority) <= 1_000,
      'priority',
      `expected -1000 to 1000, got ${policy.priority}`,
    ),
  ];
}

function queueProblems(queue: Group['queue']): Problem[] {
  if (!queue) return [];
  return [
    ...countProblem('queue.max_queued', queue.maxQueued),
    ...countProblem('queue.max_wait_ms', queue.maxWaitMs),
    ...countProblem('queue.per_user_max_running', queue.perUserMaxRunning),
    ...countProblem('queue.per_user_max_queued', queue.perUserMaxQueued),
    ...enumProblem('queue.when_unavailable', queue.whenUnavailable, 2),
  ];
}

function ruleProblems({ rule }: Policy): Problem[] {
  switch (rule.case) {
    case 'listeningPort':
      return check(rule.value >= 1 && rule.value <= 65_535, 'listening_port', `expected 1 to 65535, got ${rule.value}`);
    case 'host':
      return check(
        isHost(rule.value),
        'host',
        `expected a host name or address without a port, got ${quote(rule.value)}`,
      );
    case 'clientTags': {
      const tags = [...rule.value.anyOf, ...rule.value.allOf];
      return [
        ...check(tags.length > 0, 'client_tags', 'expected any_of or all_of with at least one tag'),
        ...check(tags.length <= 100, 'client_tags', 'expected at most 100 tags'),
        ...check(
          tags.every((tag) => tag.trim() !== '' && !tag.includes(',') && isHeaderText(tag)),
          'client_tags',
          'expected tags that are not empty and hold no comma',
        ),
      ];
    }
    case 'connectionProperties': {
      const names = Object.keys(rule.value.properties);
      return [
        ...check(
          names.length > 0 !== (rule.value.exact !== ''),
          'connection_properties',
          'expected either properties or exact',
        ),
        ...check(names.length <= 100, 'connection_properties.properties', 'expected at most 100 properties'),
        ...check(
          names.every((name) => name.trim() !== '' && !/[=,]/.test(name) && name.length <= TEXT_LENGTH),
          'connection_properties.properties',
          'expected names that are not empty and hold neither = nor a comma',
        ),
        ...check(rule.value.exact.length <= 10_000, 'connection_properties.exact', 'expected up to 10000 characters'),
      ];
    }
    case undefined:
      return [{ field: 'rule', message: 'expected one of listening_port, host, client_tags, connection_properties' }];
  }
}

function idProblem(field: string, id: string): Problem[] {
  return check(isId(id), field, `expected 1 to 128 letters, digits, dots, underscores or dashes, got ${quote(id)}`);
}

function enumProblem(field: string, value: number, last: number): Problem[] {
  return check(Number.isInteger(value) && value >= 0 && value <= last, field, `expected a known value, got ${value}`);
}

function countProblem(field: string, value: number): Problem[] {
  return check(Number.isInteger(value) && value >= 0, field, `expected 0 (none) or more, got ${value}`);
}

function check(holds: boolean, field: string, message: string): Problem[] {
  return holds ? [] : [{ field, message }];
}

/** What was given, cut so that an answer stays readable; a URL's user and password are left out. */
function quote(value: string): string {
  const shown = value.replace(/\/\/[^/@]*@/, '//…@');
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown);
}

function isOrigin(text: string): boolean {
  if (text.length > 2_000 || !/^https?:\/\/[^\s/?#@\\]+\/?$/i.test(text) || !URL.canParse(text)) return false;
  return new URL(text).hostname !== '';
}

/** A host as policies compare it, in any case and any spelling of IPv6; what is not compared is no part of a rule. */
function isHost(text: string): boolean {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (bare.includes(':')) return comparableHost(`[${bare}]`) !== '';
  return text.length <= 253 && comparableHost(text) !== '' && /^[a-z0-9](.*[a-z0-9])?$/i.test(text);
}

function isHeaderText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not get into a header
  return text.length <= TEXT_LENGTH && !/[\u0000-\u001f\u007f]/.test(text);
}
