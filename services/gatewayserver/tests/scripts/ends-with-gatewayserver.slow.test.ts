import { expect, test } from '@jest/globals';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { until } from '@trino-gateway/testing/processes/until';
import { gatewayCall } from '@trino-gateway/testing/suite/gateway-calls';
import { startService } from '@trino-gateway/testing/suite/start-service';
import { isRunning, scriptProcesses } from '../support/script-processes.ts';

const SPINS =
  'def route(q):\n  while q["user"] == "spin":\n    try:\n      while True: pass\n    except BaseException: pass\n';

test.each([
  ['is stopped', 'SIGTERM'],
  ['is killed', 'SIGKILL'],
] as const)(
  'no process of a script is left when the gatewayserver %s, even while the script spins',
  async (_, signal) => {
    const [port, ops] = await freePorts(2);
    const settings = { LISTEN: `127.0.0.1:${port}`, OPS_LISTEN: `127.0.0.1:${ops}`, DATABASE_URL: 'sqlite::memory:' };
    await using server = await startService('gatewayserver', settings, `http://127.0.0.1:${ops}`);
    const call = gatewayCall(`http://127.0.0.1:${port}`);
    const script = { language: 'PYTHON', source: SPINS };
    await call('RoutingService/PutRoutingChain', {
      chain: { timeLimitMs: 60_000, steps: [{ id: 'code', timeLimitMs: 60_000, script }] },
    });
    const spinning = call('RoutingService/Decide', { user: 'spin', statement: 'SELECT 1' }).catch(() => {});
    await until('the script runs', () => scriptProcesses(server.pid).length > 1);
    const processes = scriptProcesses(server.pid);
    const began = performance.now();
    process.kill(server.pid, signal);
    await until('its processes end', () => !processes.some(isRunning), 10_000);
    expect(performance.now() - began).toBeLessThan(10_000);
    await spinning;
  },
);
