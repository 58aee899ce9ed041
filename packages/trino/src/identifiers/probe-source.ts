/** The source of the gateway's own probes: they can get a resource group of their own, and the history leaves them out. */
export const PROBE_SOURCE = 'trino-gateway-monitor';
