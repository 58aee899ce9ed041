const UNTRUSTED = 'its certificate is of an authority that is not trusted here';
const WANTS_CERTIFICATE = 'it demands a client certificate';
const REFUSES_CERTIFICATE = 'it refuses the client certificate';

/** Of an error that whoever speaks over TLS makes: nothing but the end of the connection tells of it. */
export const CLOSED_AFTER_HANDSHAKE = 'CLOSED_AFTER_HANDSHAKE';

/** By Node's codes of a verification that failed, and OpenSSL's of a handshake that did (RFC 8446, section 6, for the alerts). */
const MEANINGS: Readonly<Record<string, string>> = {
  [CLOSED_AFTER_HANDSHAKE]: `it closes the connection right after the handshake, as if ${REFUSES_CERTIFICATE}`,
  CERT_HAS_EXPIRED: 'its certificate, or that of its authority, has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: compare the clocks',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed, and not trusted here',
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `${UNTRUSTED}, or comes without its chain`,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  CERT_REVOKED: 'its certificate was revoked',
  INVALID_CA: 'its certificate is signed by one that is no authority',
  INVALID_PURPOSE: 'its certificate is not meant for servers',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS at this port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS at this port',
  ERR_SSL_HTTP_REQUEST: 'it does not speak TLS at this port',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: WANTS_CERTIFICATE,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: REFUSES_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: REFUSES_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: `${REFUSES_CERTIFICATE}, which has expired`,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: REFUSES_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: REFUSES_CERTIFICATE,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it and this process have no version of TLS in common',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it and this process have no version of TLS in common',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'it breaks the handshake off: it may demand a client certificate',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'it does not speak the version of HTTP that is needed',
};

/** What OpenSSL says of them, for drivers that put a code of their own in place of Node's (mysql2). */
const MESSAGES: Readonly<Record<string, string>> = {
  'certificate has expired': 'CERT_HAS_EXPIRED',
  'certificate is not yet valid': 'CERT_NOT_YET_VALID',
  'self-signed certificate': 'DEPTH_ZERO_SELF_SIGNED_CERT',
  'self-signed certificate in certificate chain': 'SELF_SIGNED_CERT_IN_CHAIN',
  'unable to get issuer certificate': 'UNABLE_TO_GET_ISSUER_CERT',
  'unable to get local issuer certificate': 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'unable to verify the first certificate': 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'certificate signature failure': 'CERT_SIGNATURE_FAILURE',
};
const ALTNAME_INVALID = 'ERR_TLS_CERT_ALTNAME_INVALID';
const WRONG_NAME = /^Hostname\/IP does not match certificate's altnames/;

const MOST_CAUSES = 8;
const MOST_NAMES = 200;

/**
 * What is wrong with the other end of a TLS connection, as the end of a sentence that names it; undefined for a failure of
 * another kind. Looks through the causes of an error.
 */
export function describeTlsFailure(error: unknown): string | undefined {
  // Node's own errors need not be of this realm's Error.
  let cause: unknown = error;
  for (let depth = 0; depth < MOST_CAUSES && typeof cause === 'object' && cause !== null; depth++) {
    const code = codeOf(cause);
    const meaning = MEANINGS[code];
    if (meaning !== undefined) return code === ALTNAME_INVALID ? withNames(meaning, cause) : meaning;
    cause = 'cause' in cause ? cause.cause : undefined;
  }
  return undefined;
}

function codeOf(failure: object): string {
  const { code, message } = failure as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && Object.hasOwn(MEANINGS, code)) return code;
  if (typeof message !== 'string') return '';
  if (WRONG_NAME.test(message)) return ALTNAME_INVALID;
  return Object.hasOwn(MESSAGES, message) ? (MESSAGES[message] ?? '') : '';
}

/** A certificate is the other end's: its names are bounded, and one line. */
function withNames(meaning: string, failure: object): string {
  const { host, cert } = failure as { host?: unknown; cert?: { subjectaltname?: unknown } };
  const names = typeof cert?.subjectaltname === 'string' ? cert.subjectaltname : '';
  const shown = names.slice(0, MOST_NAMES).replace(/[^\x20-\x7e]+/g, '?');
  const whose = shown === '' ? 'it names none' : `it is for ${shown}${names.length > MOST_NAMES ? '…' : ''}`;
  return typeof host === 'string' && host !== '' ? `${meaning} than ${host}: ${whose}` : `${meaning}: ${whose}`;
}
