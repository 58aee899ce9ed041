import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../processes/free-ports.ts';
import { type GatewayCall, gatewayCall } from './gateway-calls.ts';
import { startService } from './start-service.ts';

export type GatewayserverOptions = {
  /** Settings, as environment keys without their prefix. */
  settings?: Record<string, string>;
  /** `gatewayserver.admin_token`, and what calls show. */
  adminToken?: string;
  /** YAML of the configuration file: declared objects. */
  file?: string;
};

/** A gatewayserver alone, in a process of its own. */
export type TestGatewayserver = AsyncDisposable & {
  readonly url: string;
  /** Calls its contract. */
  call: GatewayCall;
};

/** Starts one with its database in memory. */
export async function startGatewayserver({
  settings = {},
  adminToken,
  file = '',
}: GatewayserverOptions = {}): Promise<TestGatewayserver> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'trino-gateway-server-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const configuration = join(folder, 'gateway.yaml');
  await writeFile(configuration, file);
  const [port, ops] = await freePorts(2);
  const all = {
    LISTEN: `127.0.0.1:${port}`,
    OPS_LISTEN: `127.0.0.1:${ops}`,
    DATABASE_URL: 'sqlite::memory:',
    HISTORY_MAX_AGE: '0', // the queries of tests are of any age
    OUTAGE_WAIT: '0s', // refusals come at once
    ...(adminToken !== undefined && { ADMIN_TOKEN: adminToken }),
    ...settings,
  };
  const url = `http://127.0.0.1:${port}`;
  started.use(
    await startService('gatewayserver', all, `http://127.0.0.1:${ops}`, { args: ['--config', configuration] }),
  );
  const owned = started.move();
  return { url, call: gatewayCall(url, adminToken), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
