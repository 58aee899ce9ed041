import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/** Takes one request. */
export type TakeRequest = (request: IncomingMessage, response: ServerResponse) => void;

/** Serializes the requests of each connection. */
export type RequestOrder = {
  /** Serves a request when the answer to the previous one on its connection has ended. */
  oneByOne(serve: TakeRequest): TakeRequest;
  /** How many requests wait, over all connections. */
  waiting(): number;
  /** Connections that were closed because too many requests waited. */
  refused(): number;
};

type Line = {
  isBusy: boolean;
  readonly waiting: [IncomingMessage, ServerResponse][];
  /** Set while nothing is read. */
  nextLook?: NodeJS.Timeout | undefined;
};

/** A connection with more waiting requests is not read: no client of Trino's has even two under way. */
const FEW = 16;
/** After this time one more chunk is read all the same, or a hang-up of the client would go unnoticed; */
const LOOK_AFTER_MS = 1_000;
/** but not with so many waiting: the hang-up is then noticed at the end of the answer under way. */
const MANY = 1_000;

function readNoFurther(line: Line, socket: Socket): void {
  socket.pause();
  if (line.nextLook !== undefined) {
    line.nextLook.refresh();
    return;
  }
  // Node's server resumes the socket at the end of each request that it parses.
  socket.resume = () => socket;
  line.nextLook = setTimeout(() => {
    if (line.waiting.length < MANY && !socket.writableNeedDrain) Socket.prototype.resume.call(socket);
  }, LOOK_AFTER_MS);
}

function readOn(line: Line, socket: Socket): void {
  if (line.nextLook === undefined) return;
  clearTimeout(line.nextLook);
  line.nextLook = undefined;
  socket.resume = Socket.prototype.resume;
  socket.resume();
}

/**
 * Node parses all that a client sends and emits each request at once: one chunk of 64 KB may hold thousands, which wait here. When
 * `mostWaiting` wait over all connections, a connection that sends more is closed.
 */
export function createRequestOrder(mostWaiting: number): RequestOrder {
  const lines = new WeakMap<Socket, Line>();
  let waiting = 0;
  let refused = 0;

  const lineOf = (socket: Socket): Line => {
    let line = lines.get(socket);
    if (line === undefined) {
      line = { isBusy: false, waiting: [] };
      lines.set(socket, line);
    }
    return line;
  };
  const start = (serve: TakeRequest, line: Line, request: IncomingMessage, response: ServerResponse): void => {
    line.isBusy = true;
    response.once('close', () => goOn(serve, line, request.socket));
    serve(request, response);
  };
  const goOn = (serve: TakeRequest, line: Line, socket: Socket): void => {
    if (socket.destroyed) {
      waiting -= line.waiting.length;
      line.waiting.length = 0;
    }
    const next = line.waiting.shift();
    if (line.waiting.length === 0) readOn(line, socket);
    if (next === undefined) {
      line.isBusy = false;
      return;
    }
    waiting -= 1;
    // Not at once: thousands of short answers in a row would keep the event loop from others.
    setImmediate(() => {
      if (socket.destroyed) goOn(serve, line, socket);
      else start(serve, line, ...next);
    });
  };
  const wait = (line: Line, request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    if (waiting >= mostWaiting) {
      refused += 1;
      socket.destroy();
      return;
    }
    waiting += 1;
    line.waiting.push([request, response]);
    if (line.waiting.length > FEW) readNoFurther(line, socket);
  };
  return {
    oneByOne: (serve) => (request, response) => {
      if (request.socket.destroyed) return; // the rest of the piece with which it was closed
      const line = lineOf(request.socket);
      if (line.isBusy) wait(line, request, response);
      else start(serve, line, request, response);
    },
    waiting: () => waiting,
    refused: () => refused,
  };
}
