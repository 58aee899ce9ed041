/** The source of the gateway's own probes: they can get a resource group of their own, and the history leaves them out. */
export const PROBE_SOURCE = 'trino-gateway-monitor';

/** How each statement begins whose plan the gateway asks for: what begins so is never executed, whoever sends it. */
export const EXPLAIN_PREFIX = 'EXPLAIN (FORMAT JSON) ';
