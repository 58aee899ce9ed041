import type { z } from 'zod';
import { gatewayserver } from './gatewayserver.ts';
import { monitor } from './monitor.ts';
import { router } from './router.ts';

/** The scalars of the suite's configuration file, one section per process. */
export const sections = { gatewayserver, monitor, router };

export type SectionName = keyof typeof sections;

export type GatewayserverConfig = z.output<typeof gatewayserver>;
export type MonitorConfig = z.output<typeof monitor>;
export type RouterConfig = z.output<typeof router>;

/** Keys that hold secrets: each may also be given as KEY_file, a path whose first line is the value. */
export const SECRET_KEYS = [
  'admin_token',
  'read_token',
  'events_token',
  'gatewayserver_token',
  'auth_provider_key',
  'secrets_key',
  'database_url',
] as const;
