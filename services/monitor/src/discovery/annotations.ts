import type { DescEnum } from '@bufbuild/protobuf';
import {
  type Backend,
  type Backend_ForwardedHeaders,
  Backend_ForwardedHeadersSchema,
  type Backend_Forwarding,
  Backend_ForwardingSchema,
  type Backend_Probe_Kind,
  Backend_Probe_KindSchema,
} from '@trino-gateway/api/gateway';

/** What annotations of ours begin with. */
export const PREFIX = 'trino-gateway.io/';

/** Sets a field of a backend. @returns what is wrong with the text, in words */
type Read = (backend: Backend, text: string) => string | undefined;

/** Those that stand for a field of the backend each. What is no field, an object's own mapping reads. */
export const FIELDS: Readonly<Record<string, Read>> = {
  'external-url': text((backend, value) => {
    backend.externalUrl = value;
  }),
  weight: whole((backend, value) => {
    backend.weight = value;
  }),
  'max-running-queries': whole((backend, value) => {
    backend.maxRunningQueries = value;
  }),
  'load-threshold': (backend, given) => {
    backend.loadThreshold = Number(given);
    return given.trim() !== '' && Number.isFinite(backend.loadThreshold) ? undefined : 'expected a number';
  },
  'uptime-schedule': text((backend, value) => {
    backend.uptimeSchedule = value;
  }),
  'time-zone': text((backend, value) => {
    backend.timeZone = value;
  }),
  forwarding: choice(Backend_ForwardingSchema, (backend, value: Backend_Forwarding) => {
    backend.forwarding = value;
  }),
  'forwarded-headers': choice(Backend_ForwardedHeadersSchema, (backend, value: Backend_ForwardedHeaders) => {
    backend.forwardedHeaders = value;
  }),
  'probe-kind': choice(Backend_Probe_KindSchema, (backend, value: Backend_Probe_Kind) => {
    if (backend.probe) backend.probe.kind = value;
  }),
  'probe-statement': text(({ probe }, value) => {
    if (probe) probe.statement = value;
  }),
  'probe-user': text(({ probe }, value) => {
    if (probe) probe.user = value;
  }),
  'ca-file': text(({ tls }, value) => {
    if (tls) tls.caFile = value;
  }),
  'server-name': text(({ tls }, value) => {
    if (tls) tls.serverName = value;
  }),
};

/** Those that are no field. */
export const OTHERS = ['id', 'group', 'scheme', 'port', 'service', 'scaler', 'replicas'] as const;

/** Our annotations without their prefix, and what is wrong with their names. */
export function ownAnnotations(annotations: Readonly<Record<string, string>>): {
  own: Map<string, string>;
  problems: string[];
} {
  const own = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, value] of Object.entries(annotations)) {
    if (!name.startsWith(PREFIX)) continue;
    const short = name.slice(PREFIX.length);
    if (Object.hasOwn(FIELDS, short) || OTHERS.some((other) => other === short)) own.set(short, value);
    else problems.push(`${shown(short)}: there is no such annotation`);
  }
  return { own, problems };
}

function shown(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}

function text(set: (backend: Backend, value: string) => void): Read {
  return (backend, given) => {
    set(backend, given.trim());
    return undefined;
  };
}

function whole(set: (backend: Backend, value: number) => void): Read {
  return (backend, given) => {
    if (!/^\s*\d{1,9}\s*$/.test(given)) return 'expected a whole number';
    set(backend, Number(given));
    return undefined;
  };
}

function choice<Value extends number>(schema: DescEnum, set: (backend: Backend, value: Value) => void): Read {
  const known = schema.values.filter(({ number }) => number !== 0);
  return (backend, given) => {
    const found = known.find(({ name }) => name === given.trim());
    if (found === undefined) return `expected ${known.map(({ name }) => name).join(', ')}`;
    set(backend, found.number as Value);
    return undefined;
  };
}
