import { setTimeout as pause } from 'node:timers/promises';
import { loadConfig } from '@trino-gateway/config';
import { type Logger, silentLogger } from '@trino-gateway/runtime';
import { chainRules } from '../../src/configuration/stored-chain.ts';
import { type RunningGatewayserver, startGatewayserver } from '../../src/index.ts';

/** What a call answered. */
export type Answer = { status: number; body: Record<string, unknown> };

/** A gatewayserver on free ports, and calls to it as Connect JSON. */
export type TestGatewayserver = RunningGatewayserver & {
  post(rpc: string, message?: unknown, headers?: Record<string, string>): Promise<Answer>;
  get(rpc: string, message?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Posts, and fails unless it was answered OK. */
  ok(rpc: string, message?: unknown): Promise<Record<string, unknown>>;
};

/** Starts one in memory, or with other keys of its section (and a YAML text for declared objects). */
export async function startTestGatewayserver(
  keys: Record<string, string> = {},
  yaml = '',
  logger: Logger = silentLogger,
): Promise<TestGatewayserver> {
  const all = {
    listen: '127.0.0.1:0',
    ops_listen: '127.0.0.1:0',
    database_url: 'sqlite::memory:',
    history_max_age: '0', // the queries of tests are of any age
    outage_wait: '0s', // refusals come at once
    ...keys,
  };
  const env = Object.fromEntries(
    Object.entries(all).map(([key, value]) => [`TRINO_GATEWAY_GATEWAYSERVER_${key.toUpperCase()}`, value]),
  );
  const config = loadConfig({
    file: { name: 'test.yaml', text: yaml },
    env,
    readSecret: () => '',
    chainChecks: chainRules,
  });
  const server = await startGatewayserver(config.gatewayserver, config.declared, logger);
  const post = async (rpc: string, message: unknown = {}, headers = {}) =>
    read(
      await fetch(`${server.url}/trinogateway.v1.${rpc}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof message === 'string' ? message : JSON.stringify(message),
      }),
    );
  return {
    ...server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    post,
    async get(rpc, message = {}, headers = {}) {
      const query = new URLSearchParams({ connect: 'v1', encoding: 'json', message: JSON.stringify(message) });
      return read(await fetch(`${server.url}/trinogateway.v1.${rpc}?${query}`, { headers }));
    },
    async ok(rpc, message) {
      const { status, body } = await post(rpc, message);
      if (status !== 200) throw new Error(`${rpc} answered ${status}: ${JSON.stringify(body)}`);
      return body;
    },
  };
}

/** Waits until what is read fulfils a condition; fails after ten seconds with what was read last. */
export async function until<Seen>(read: () => Promise<Seen>, holds: (seen: Seen) => boolean): Promise<Seen> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const seen = await read();
    if (holds(seen)) return seen;
    if (performance.now() > deadline) throw new Error(`waited in vain; last seen: ${JSON.stringify(seen)}`);
    await pause(10);
  }
}

async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}
