import { Gauge, type Registry } from 'prom-client';
import { VERSION } from './version.ts';

/** Says in the metrics which version of which process this is. */
export function addBuildInfo(registry: Registry, service: string): void {
  new Gauge({
    name: 'trino_gateway_build_info',
    help: 'Always 1: which version of which process this is, on which Node.',
    labelNames: ['service', 'version', 'node'],
    registers: [registry],
    aggregator: 'first', // of several processes
  }).set({ service, version: VERSION, node: process.version }, 1);
}
