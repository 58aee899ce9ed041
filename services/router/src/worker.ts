import type { Socket } from 'node:net';
import { captureOutput, createLogger, describeError, type Logger } from '@trino-gateway/runtime';
import { createServing } from './serving.ts';
import { createHandedConnections } from './workers/handed-connections.ts';
import type { Measured, Start, ToPrimary, ToWorker } from './workers/messages.ts';
import { createRelayTransport } from './workers/relay-transport.ts';
import { createSharedRooms } from './workers/shared-rooms.ts';
import { openToldConfiguration, type ToldConfiguration } from './workers/told-configuration.ts';

// One worker of a router with several processes. It is started by the first one, which tells it everything, and ends with it.

const send = (message: ToPrimary) => {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
};
// Signals that reach all processes of a group are for the first one, which then tells its workers.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit(1));

type Work = { onMessage(message: ToWorker, socket: Socket | undefined): void };
let work: Work | undefined;
/** What comes while it begins: answers to its first calls, news of the configuration. */
const early: ToWorker[] = [];
process.on('message', (message: ToWorker, socket: Socket | undefined) => {
  if (message.kind === 'start') begin(message);
  else if (message.kind === 'ping') send({ kind: 'pong' });
  else if (work === undefined) early.push(message);
  else work.onMessage(message, socket);
});
send({ kind: 'loaded' });

function begin(start: Start): void {
  const { log_format: format } = start.config;
  const root = createLogger('router', start.logLevel, format);
  captureOutput(root.child({ worker: start.worker }));
  startWork(start, root).then(
    (begun) => {
      work = begun;
      for (const message of early.splice(0)) work.onMessage(message, undefined); // no connection: it does not serve yet
      send({ kind: 'serving' });
    },
    (error: unknown) => {
      root.fatal(describeError(error), { worker: start.worker });
      process.exit(1);
    },
  );
}

async function startWork(start: Start, root: Logger): Promise<Work> {
  const { config, routerId, ports } = start;
  const logger = root.child({ worker: start.worker });
  const transport = createRelayTransport(send);
  const connections = createHandedConnections(ports, send);
  const { rooms, granted, collect } = createSharedRooms(send);
  const { promise: configuration, resolve: opened } = Promise.withResolvers<ToldConfiguration>();
  const serving = createServing({
    ...{ config, transport, routerId, logger, bind: connections.bind },
    shared: { ...rooms, connections: connections.limit },
    tell: (news) => send({ kind: 'news', news }),
    follow: (following) => {
      const told = openToldConfiguration(following, start, transport);
      opened(told);
      return told;
    },
  });
  const told = await configuration;
  const listeners = await serving.listen();
  const stop = async () => {
    serving.stopHolding();
    await listeners[Symbol.asyncDispose]();
    await serving[Symbol.asyncDispose]();
    process.exit(0);
  };
  const measure = async (question: number) =>
    send({ kind: 'measured', question, metrics: (await serving.registry.getMetricsAsJSON()) as Measured });
  return {
    onMessage: (message, socket) => {
      switch (message.kind) {
        case 'connection':
          return connections.take(message, socket);
        case 'answer':
        case 'failure':
          return transport.answered(message);
        case 'snapshot':
          return told.replace(message.snapshot);
        case 'incarnation':
          return told.learnt(message.incarnation);
        case 'news':
          return serving.heard(message.news);
        case 'grant':
          return granted(message);
        case 'collect':
          return collect(message);
        case 'measure':
          return void measure(message.question);
        case 'reconfigured':
          Object.assign(config, message.config);
          root.level = message.logLevel;
          return serving.reconfigured();
        case 'stopAnnounced':
          return listeners.announceStop();
        case 'stop':
          return void stop();
      }
    },
  };
}
