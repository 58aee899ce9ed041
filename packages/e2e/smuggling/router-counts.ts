import { until } from '@trino-gateway/testing/processes/until';

/** What a router has of its clients, and for them: connections, requests and their bytes, polls. */
const COUNTED = [
  'trino_gateway_router_connections',
  'trino_gateway_router_requests_under_way',
  'trino_gateway_router_backend_requests_under_way',
  'trino_gateway_router_requests_waiting',
  'trino_gateway_router_statement_bytes_under_way',
  'trino_gateway_router_held_polls',
];

/** Each count, over all labels, by the metrics of its ops port. */
export async function routerCounts(opsUrl: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
      (all, [, one]) => all + Number(one),
      0,
    );
  return Object.fromEntries(COUNTED.map((name) => [name.replace('trino_gateway_router_', ''), sum(name)]));
}

/** Waits until nothing is left of the clients that have gone. @throws Error naming what is */
export async function untilNothingIsLeft(opsUrl: string): Promise<void> {
  let last: Record<string, number> = {};
  await until('nothing to be left of clients that have gone', async () => {
    last = await routerCounts(opsUrl);
    return Object.values(last).every((count) => count === 0);
  }).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}: ${JSON.stringify(last)}`);
  });
}
