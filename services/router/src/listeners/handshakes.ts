import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** The connections of an HTTPS listener whose handshake is not over. */
export type Handshakes = {
  /** Begins the handshake as soon as the client does, and others before it have begun theirs. */
  begin(socket: Socket): void;
  /** Closes those that are not secured yet. */
  closeAll(): void;
};

export type HandshakeOptions = {
  server: HttpsServer;
  secured: (socket: TLSSocket) => void;
  /** The client does not speak TLS. */
  onPlain: (socket: Socket) => void;
  timeLimitMs: number;
};

/** The first byte of each record of a handshake (RFC 8446, 5.1). */
export const HANDSHAKE = 0x16;
const EVERY_MS = 10;
/** One takes about a millisecond of the event loop, most of it for the signature: half of its time is left to others. */
const AT_ONCE = 5;

/**
 * Handshakes are begun at a pace that leaves time for clients that are connected, however many come. Each must be over within
 * the time limit, the wait for its turn included.
 */
export function createHandshakes({ server, secured, onPlain, timeLimitMs }: HandshakeOptions): Handshakes {
  const [accept] = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  /** By the client's end: the secured socket does not say which one it is made of. */
  const unsecured = new Map<string, { socket: Socket; over: () => void }>();
  const inTurn = createTurns((socket: Socket) => {
    if (!socket.destroyed) accept?.call(server, socket);
  });
  // A failed handshake is too common to be logged, and who does not speak TLS could not read an answer.
  server.removeAllListeners('tlsClientError').on('tlsClientError', (_, socket) => socket.destroy());
  server.removeAllListeners('secureConnection').on('secureConnection', (socket: TLSSocket) => {
    unsecured.get(clientEnd(socket))?.over();
    secured(socket);
  });
  return {
    begin: (socket) => {
      const name = clientEnd(socket);
      const timer = setTimeout(() => socket.destroy(), timeLimitMs);
      const over = () => {
        clearTimeout(timer);
        unsecured.delete(name);
      };
      unsecured.set(name, { socket, over });
      socket.once('close', over);
      onFirstByte(socket, (byte) => {
        if (byte === HANDSHAKE) {
          inTurn(socket);
          return;
        }
        over();
        onPlain(socket);
      });
    },
    closeAll: () => {
      for (const { socket } of unsecured.values()) socket.destroy();
    },
  };
}

const clientEnd = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;

function onFirstByte(socket: Socket, decide: (byte: number | undefined) => void): void {
  const abandon = () => socket.destroy();
  const read = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    socket.off('readable', read).off('end', abandon).off('error', abandon);
    socket.unshift(chunk);
    decide(chunk[0]);
  };
  socket.on('readable', read).once('end', abandon).on('error', abandon);
}

/** Starts so many at once, and the others when it is their turn. */
function createTurns(start: (socket: Socket) => void): (socket: Socket) => void {
  const waiting = new Set<Socket>();
  let started = 0;
  let isTicking = false;
  const go = (socket: Socket) => {
    started += 1;
    start(socket);
  };
  const tick = () => {
    started = 0;
    for (const socket of waiting) {
      if (started === AT_ONCE) break;
      waiting.delete(socket);
      go(socket);
    }
    isTicking = started > 0;
    if (isTicking) setTimeout(tick, EVERY_MS);
  };
  return (socket) => {
    if (!isTicking) setTimeout(tick, EVERY_MS);
    isTicking = true;
    if (started < AT_ONCE) {
      go(socket);
      return;
    }
    waiting.add(socket);
    socket.on('error', () => socket.destroy()).once('close', () => waiting.delete(socket));
  };
}
