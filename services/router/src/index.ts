export { type RunningRouter, startRouter } from './server.ts';
