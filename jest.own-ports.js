import { listenOnOwnPorts, ownPorts } from './packages/testing/src/processes/own-ports.ts';

listenOnOwnPorts(ownPorts('servers'));
