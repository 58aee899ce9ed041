import { create } from '@bufbuild/protobuf';
import { type Backend, Backend_Forwarding, BackendSchema } from '@trino-gateway/api/gateway';
import { backendProblems } from '@trino-gateway/api/validation';
import type { Remark } from '../imported/notes.ts';
import type { RazorpayBackend } from './model.ts';
import { translateSchedule } from './translate-schedule.ts';

/** What the operator chose for all backends. */
export type BackendChoices = {
  /** Which way pages go from now on. */
  forwarding: 'proxy' | 'direct';
  /** In which uptime schedules were read. */
  timeZone: string;
};

/** The backend as it is here; undefined when there is no way to say it. */
export function translateBackend(
  id: string,
  before: RazorpayBackend,
  choices: BackendChoices,
  remark: Remark,
): Backend | undefined {
  const scheme = before.scheme.toLowerCase() || 'http';
  const url = `${scheme}://${before.hostname.trim()}`;
  const backend = create(BackendSchema, {
    id,
    url: url.replace(/\/$/, ''),
    externalUrl: translateExternalUrl(before.external_url.trim(), scheme, url, remark),
    enabled: before.is_enabled,
    loadThreshold: Math.max(0, before.threshold_cluster_load),
    forwarding: choices.forwarding === 'direct' ? Backend_Forwarding.DIRECT : Backend_Forwarding.PROXY,
  });
  if (before.threshold_cluster_load < 0)
    remark(`its load threshold ${before.threshold_cluster_load} let nothing pass; it has none here`);
  if (choices.forwarding === 'direct' && backend.externalUrl !== '')
    remark(`clients poll ${backend.externalUrl}; before they polled ${backend.url}, the address the cluster wrote`);
  const schedule = translateSchedule(before.uptime_schedule, choices.timeZone);
  if ('never' in schedule) disable(backend, schedule.never, remark);
  else {
    backend.uptimeSchedule = schedule.schedule;
    backend.timeZone = schedule.timeZone;
    if (schedule.remark) remark(schedule.remark);
  }
  const problems = backendProblems(backend);
  const ofSchedule = problems.find(({ field }) => field === 'uptime_schedule' || field === 'time_zone');
  if (ofSchedule) {
    disable(backend, `its uptime schedule "${before.uptime_schedule}" is none here (${ofSchedule.message})`, remark);
    backend.uptimeSchedule = '';
    backend.timeZone = '';
  }
  const [left] = problems.filter(({ field }) => field !== 'uptime_schedule' && field !== 'time_zone');
  if (!left) return backend;
  remark(`left out: ${left.field}: ${left.message}`);
  return undefined;
}

function disable(backend: Backend, why: string, remark: Remark): void {
  remark(`${why}: it has no schedule here${backend.enabled ? ', and is disabled' : ''}`);
  backend.enabled = false;
}

/** The other gateway stores host and port alone, and uses the scheme of the backend. */
function translateExternalUrl(given: string, scheme: string, url: string, remark: Remark): string {
  if (given === '') return '';
  const whole = /^https?:\/\//i.test(given) ? given : `${scheme}://${given}`;
  const parsed = URL.canParse(whole) ? new URL(whole) : undefined;
  if (!parsed || parsed.hostname === '' || parsed.username !== '' || parsed.password !== '') {
    remark('its external_url is no address, and is left out');
    return '';
  }
  if (parsed.pathname !== '/' || parsed.search || parsed.hash)
    remark(`its external_url had a path, which is left out: it is ${parsed.origin}`);
  return URL.canParse(url) && parsed.origin === new URL(url).origin ? '' : parsed.origin;
}
