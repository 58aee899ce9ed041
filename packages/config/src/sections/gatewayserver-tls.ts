import { text } from './fields.ts';

/** The keys of a process that reaches the gatewayserver over TLS: the router and the monitor. */
export const gatewayserverTls = {
  gatewayserver_ca_file: text
    .optional()
    .describe("The authorities, PEM, that sign the gatewayserver's certificate. Unset: those of the system."),
  gatewayserver_cert_file: text
    .optional()
    .describe('The certificate, PEM, that is shown to a gatewayserver with `tls_client_ca_file`.'),
  gatewayserver_key_file: text.optional().describe('The key of that certificate, PEM, without a passphrase.'),
};
