import { createSecureContext, type SecureContext } from 'node:tls';
import type { FollowedTlsFiles, FollowTlsFilesOptions } from './followed-files.ts';
import { followOwnTlsFiles } from './own-tls-files.ts';
import type { TlsFiles } from './tls-files.ts';

/** How connections to servers of the suite are made over TLS: by what stands in files now. Disposal stops looking at them. */
export type TlsClient = AsyncDisposable & { secureContext(): SecureContext };

/** Without files: Node's authorities, and no certificate. @throws Error that says what is wrong with the files */
export async function followTlsClient(files: TlsFiles, options: FollowTlsFilesOptions): Promise<TlsClient> {
  const followed = Object.keys(files).length === 0 ? NOTHING : await followOwnTlsFiles(files, options);
  let material = followed.current();
  let context = createSecureContext(material.pems);
  return {
    secureContext: () => {
      const now = followed.current();
      if (now !== material) {
        material = now;
        context = createSecureContext(now.pems);
      }
      return context;
    },
    [Symbol.asyncDispose]: () => followed[Symbol.asyncDispose](),
  };
}

const EMPTY = { pems: {}, certificates: {}, stamp: '' };
const NOTHING: AsyncDisposable & Pick<FollowedTlsFiles, 'current'> = {
  current: () => EMPTY,
  [Symbol.asyncDispose]: async () => {},
};
