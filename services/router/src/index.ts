export type { RunningRouter } from './running-router.ts';
export { startRouter } from './server.ts';
