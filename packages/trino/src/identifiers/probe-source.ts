/** The source that the gateway's own probes of a cluster name: a resource group can be given to them, history leaves them out. */
export const PROBE_SOURCE = 'trino-gateway-monitor';
