import { cpuSeconds, residentMb } from '@trino-gateway/testing/processes/process-cost';
import type { Suite } from '@trino-gateway/testing/suite/suite';
import { type LoadOptions, runLoad } from '../load/load.ts';

/** What many clients cost that do little: shares of a core, KB for each, and their run. */
export type CrowdCosts = {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Of router and gatewayserver. */
  shares: { router: number; gatewayserver: number; together: number };
  microsEach: number;
  kilobytes: { router: number; gatewayserver: number };
};

/** Runs it, and looks at the processes while all clients are there. */
export async function crowdCosts(
  suite: Suite,
  name: 'idle' | 'waiting',
  options: LoadOptions,
  begun?: () => void,
): Promise<CrowdCosts> {
  const pids = { router: suite.router.pid, gatewayserver: suite.gatewayserver.pid };
  const look = () => ({
    at: performance.now(),
    cpu: { router: cpuSeconds([pids.router]), gatewayserver: cpuSeconds([pids.gatewayserver]) },
    memory: { router: residentMb(pids.router), gatewayserver: residentMb(pids.gatewayserver) },
  });
  const empty = look();
  let [first, last] = [empty, empty];
  const { perSecond, p50Ms, p99Ms } = await runLoad(name, suite.router, options, {
    begun: () => {
      first = look();
      begun?.();
    },
    over: () => {
      last = look();
    },
  });
  const share = (of: 'router' | 'gatewayserver') => ((last.cpu[of] - first.cpu[of]) * 1_000) / (last.at - first.at);
  const grown = (of: 'router' | 'gatewayserver') => ((last.memory[of] - empty.memory[of]) * 1_024) / options.clients;
  const [router, gatewayserver] = [share('router'), share('gatewayserver')];
  return {
    perSecond,
    p50Ms,
    p99Ms,
    shares: { router, gatewayserver, together: router + gatewayserver },
    microsEach: ((router + gatewayserver) / perSecond) * 1_000_000,
    kilobytes: { router: grown('router'), gatewayserver: grown('gatewayserver') },
  };
}
