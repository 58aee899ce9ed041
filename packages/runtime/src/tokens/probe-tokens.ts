import type { Backend } from '@trino-gateway/api/gateway';
import { within } from '../loops/within.ts';
import { readTokenFile, TokenFileError, type TokenFolder } from './token-file.ts';

/** The tokens of probes that stand in files. */
export type ProbeTokens = {
  /** The backend with the token that stands in its token file now; the same backend when it has none. @throws TokenFileError */
  withToken<Some extends Pick<Backend, 'probe'>>(backend: Some): Promise<Some>;
};

/** The folder may be on a network. */
const READ_LIMIT_MS = 2_000;

/**
 * Reads token files below this folder. One is read at a time, however many ask for it: on a disk that does not answer, only one read
 * stays behind.
 */
export function createProbeTokens(folder: TokenFolder, read = readTokenFile): ProbeTokens {
  const reading = new Map<string, Promise<string>>();
  let last: Promise<unknown> = Promise.resolve();

  const start = (path: string) => {
    const started = last.then(() => read(path, folder)).finally(() => reading.delete(path));
    last = started.catch(() => {});
    reading.set(path, started);
    return started;
  };
  return {
    withToken: async (backend) => {
      const { probe } = backend;
      if (!probe?.tokenFile) return backend;
      const path = probe.tokenFile;
      let token: string | undefined;
      await within(READ_LIMIT_MS, async () => {
        token = await (reading.get(path) ?? start(path));
      });
      if (token === undefined) throw new TokenFileError(path, `was not read within ${READ_LIMIT_MS} ms`);
      return { ...backend, probe: { ...probe, token } };
    },
  };
}
