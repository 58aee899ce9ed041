export { type RunningMonitor, startMonitor } from './server.ts';
