import { loadConfig } from '@trino-gateway/config';
import { type Logger, silentLogger } from '@trino-gateway/runtime';
import { type RunningMonitor, startMonitor } from '../../src/index.ts';
import type { FakeGatewayserver } from './fake-gatewayserver.ts';

/** A monitor with an interval no test lives to see, unless it says otherwise. */
export function startTestMonitor(
  gatewayserver: Pick<FakeGatewayserver, 'url'>,
  settings: Record<string, string> = {},
  logger: Logger = silentLogger,
): Promise<RunningMonitor> {
  const env = Object.entries({ interval: '10m', probation: '0s', probe_time_limit: '1m', ...settings }).map(
    ([key, value]) => [`TRINO_GATEWAY_MONITOR_${key.toUpperCase()}`, value],
  );
  const { monitor } = loadConfig({
    env: {
      ...Object.fromEntries(env),
      TRINO_GATEWAY_MONITOR_OPS_LISTEN: '127.0.0.1:0',
      TRINO_GATEWAY_MONITOR_GATEWAYSERVER_URL: gatewayserver.url,
    },
    readSecret: () => '',
  });
  return startMonitor(monitor, logger);
}

/** Keeps the lines that were logged at info or above. */
export function recordingLogger(): Logger & { lines: string[] } {
  const lines: string[] = [];
  const keep = (message: string, fields: Record<string, unknown> = {}) =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger & { lines: string[] } = {
    ...silentLogger,
    error: keep,
    warn: keep,
    info: keep,
    debug: () => {},
    child: () => logger,
    lines,
  };
  return logger;
}
