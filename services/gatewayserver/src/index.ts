export { type RunningGatewayserver, startGatewayserver } from './server.ts';
