import { createSecureContext, type SecureContext } from 'node:tls';
import type { Backend_Tls } from '@trino-gateway/api/gateway';
import { within } from '../loops/within.ts';
import { readTlsFiles, TlsFileError, type TlsFiles } from './tls-files.ts';

/** How TLS connections to a cluster are made: files, and the name its certificate must have. Empty means the default. */
export type TlsSettings = Pick<Backend_Tls, 'caFile' | 'certFile' | 'keyFile' | 'serverName'>;

/** The settings with what stands in their files. */
export type TlsIdentity = {
  secureContext: SecureContext;
  /** Empty: the host of the address. */
  serverName: string;
  /** Differs when a file was replaced. */
  stamp: string;
};

/** The folder may be on a network. */
const READ_LIMIT_MS = 2_000;

/**
 * Reads the files anew where one was replaced, else answers what was read before. The authorities of `caFile` are trusted
 * instead of the system's; whatever the settings, certificates are verified.
 * @throws TlsFileError
 */
export async function readTlsIdentity(settings: TlsSettings, previous?: TlsIdentity): Promise<TlsIdentity> {
  let identity: TlsIdentity | undefined;
  await within(READ_LIMIT_MS, async () => {
    const material = await readTlsFiles(filesOf(settings), previous);
    identity =
      material === undefined
        ? previous
        : {
            secureContext: createSecureContext(material.pems),
            serverName: settings.serverName,
            stamp: material.stamp,
          };
  });
  if (identity === undefined) throw new TlsFileError(`tls: the files were not read within ${READ_LIMIT_MS} ms`);
  return identity;
}

function filesOf({ caFile, certFile, keyFile }: TlsSettings): TlsFiles {
  return {
    ...(caFile !== '' && { ca: { field: 'tls.ca_file', path: caFile } }),
    ...(certFile !== '' && { cert: { field: 'tls.cert_file', path: certFile } }),
    ...(keyFile !== '' && { key: { field: 'tls.key_file', path: keyFile } }),
  };
}
