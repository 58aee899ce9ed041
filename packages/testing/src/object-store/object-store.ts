import { join } from 'node:path';
import { freePorts } from '../processes/free-ports.ts';
import { startProgram } from '../processes/start-program.ts';
import { untilReady } from '../processes/until-ready.ts';
import { pythonEnvironment } from '../toolchains/python-environment.ts';

/** A running S3 that keeps its objects in memory and accepts every key. */
export type ObjectStore = AsyncDisposable & {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  /** The keys in the bucket `spool`. */
  keys(): Promise<string[]>;
};

const BUCKET = 'spool';
const READY_WITHIN_MS = 120_000;

/** Installs it when need be (MissingToolError without Python), and answers when it has its bucket. */
export async function startObjectStore(say: (line: string) => void = () => {}): Promise<ObjectStore> {
  const python = await pythonEnvironment('object-store', join(import.meta.dirname, 'requirements.txt'), () =>
    say('installing an S3 in memory (once)'),
  );
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const program = await startProgram({
    command: python,
    args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
  });
  await untilReady(program, 'the object store', {
    isReady: () =>
      fetch(`${url}/${BUCKET}`, { method: 'PUT' }).then(
        ({ ok }) => ok,
        () => false,
      ),
    timeLimitMs: READY_WITHIN_MS,
    pauseMs: 200,
  });
  return {
    url,
    keys: async () => {
      const text = await (await fetch(`${url}/${BUCKET}?list-type=2`)).text();
      return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key);
    },
    [Symbol.asyncDispose]: async () => void (await program.stop(5_000)),
  };
}
