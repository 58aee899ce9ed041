import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/** Takes one request. */
export type TakeRequest = (request: IncomingMessage, response: ServerResponse) => void;

/** Serializes the requests of each connection. */
export type RequestOrder = {
  /**
   * Serves a request when the answer to the previous one on its connection has ended. After an answer that closes the connection
   * none is served.
   */
  oneByOne(serve: TakeRequest): TakeRequest;
  /**
   * What comes on this connection is no request: calls back when those before it have their answers, or at once when that is in the
   * body of the one under way. Not at all when the connection ends before.
   */
  afterLast(socket: Socket, refuse: () => void): void;
  /** How many requests wait, over all connections. */
  waiting(): number;
  /** Connections that were closed because too many requests waited. */
  refused(): number;
};

type Line = {
  /** The request that is being served. */
  underWay: IncomingMessage | undefined;
  readonly waiting: [IncomingMessage, ServerResponse][];
  /** Its last answer has been given. */
  isOver: boolean;
  /** Called behind the last answer, as what follows is no request. */
  refuse?: (() => void) | undefined;
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
      line = { underWay: undefined, waiting: [], isOver: false };
      lines.set(socket, line);
    }
    return line;
  };
  const start = (serve: TakeRequest, line: Line, request: IncomingMessage, response: ServerResponse): void => {
    line.underWay = request;
    response.once('close', () => {
      if (!response.shouldKeepAlive) drop(line);
      goOn(serve, line, request.socket);
    });
    serve(request, response);
  };
  const drop = (line: Line): void => {
    waiting -= line.waiting.length;
    line.waiting.length = 0;
    line.refuse = undefined;
    line.isOver = true;
  };
  const goOn = (serve: TakeRequest, line: Line, socket: Socket): void => {
    if (socket.destroyed) drop(line);
    const next = line.waiting.shift();
    if (line.waiting.length === 0) readOn(line, socket);
    if (next === undefined) {
      line.underWay = undefined;
      line.refuse?.();
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
      if (line.isOver) return;
      if (line.underWay !== undefined) wait(line, request, response);
      else start(serve, line, request, response);
    },
    afterLast: (socket, refuse) => {
      const line = lineOf(socket);
      const last = line.waiting.at(-1)?.[0];
      if (last?.complete === false) {
        waiting -= 1;
        line.waiting.pop();
      }
      if (line.underWay?.complete === true) line.refuse = refuse;
      else refuse();
    },
    waiting: () => waiting,
    refused: () => refused,
  };
}
