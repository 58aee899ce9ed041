import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';

const UP_WITHIN_MS = 300_000;
const STOP_WITHIN_MS = 30_000;

/** A `make run` on ports of its own, as somebody in a terminal sees it. */
export type RunningMake = {
  /** `http://127.0.0.1:PORT` of each. */
  urls: { api: string; clients: string; routerOps: string; monitorOps: string };
  /** All that it printed. */
  output(): string;
  /** Whether its output matches within the time. */
  prints(pattern: RegExp, withinMs?: number): Promise<boolean>;
  /** Ctrl-C. Answers whether it and everything it had started is gone in time. */
  interrupt(): Promise<boolean>;
};

/** Types `make run`, with further variables, and answers when it is up or has ended. What it prints is shown, too. */
export async function makeRun(variables: Readonly<Record<string, string>>): Promise<RunningMake> {
  const folder = await mkdtemp(join(tmpdir(), 'trino-gateway-run-'));
  const [api, apiOps, monitorOps, clients, routerOps] = (await freePorts(5)).map((port) => `127.0.0.1:${port}`);
  const child = spawn('make', ['run'], {
    detached: true, // its own process group, as in a terminal
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      TRINO_GATEWAY_GATEWAYSERVER_LISTEN: api,
      TRINO_GATEWAY_GATEWAYSERVER_OPS_LISTEN: apiOps,
      TRINO_GATEWAY_GATEWAYSERVER_DATABASE_URL: `sqlite:${folder}/gateway.db`,
      TRINO_GATEWAY_MONITOR_GATEWAYSERVER_URL: `http://${api}`,
      TRINO_GATEWAY_MONITOR_OPS_LISTEN: monitorOps,
      TRINO_GATEWAY_ROUTER_GATEWAYSERVER_URL: `http://${api}`,
      TRINO_GATEWAY_ROUTER_LISTEN: clients,
      TRINO_GATEWAY_ROUTER_OPS_LISTEN: routerOps,
      TRINO_GATEWAY_ROUTER_STATE_FILE: `${folder}/router-state.json`,
      ...variables,
    },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    output += text;
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const prints = async (pattern: RegExp, withinMs = UP_WITHIN_MS) => {
    for (const deadline = performance.now() + withinMs; !pattern.test(output); await pause(50))
      if (hasEnded() || performance.now() > deadline) return false;
    return true;
  };
  await prints(/Ctrl-C stops everything/);
  const urls = { api: `http://${api}`, clients: `http://${clients}` };
  return {
    urls: { ...urls, routerOps: `http://${routerOps}`, monitorOps: `http://${monitorOps}` },
    output: () => output,
    prints,
    interrupt: async () => {
      if (child.pid && !hasEnded()) process.kill(-child.pid, 'SIGINT');
      const force = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), STOP_WITHIN_MS);
      if (!hasEnded()) await once(child, 'exit');
      clearTimeout(force);
      await rm(folder, { recursive: true, force: true });
      const silent = await Promise.all([api, clients, routerOps, monitorOps].map((one) => isSilent(`http://${one}/`)));
      return output.includes('everything is stopped') && silent.every(Boolean);
    },
  };
}

function isSilent(url: string): Promise<boolean> {
  return fetch(url).then(
    () => false,
    () => true,
  );
}
