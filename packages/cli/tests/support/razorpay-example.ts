import type { RazorpayConfiguration } from '../../src/razorpay/model.ts';

const ALWAYS = '* * * * *';

/** An installation with every peculiarity the import knows: most of its objects are fine, some are not. */
export const EXAMPLE: RazorpayConfiguration = {
  backends: [
    backend('blue', { threshold_cluster_load: 40 }),
    backend('green', { scheme: 'https', hostname: 'green:8443', external_url: 'green.example:443' }),
    backend('night shift', { uptime_schedule: '* 20-23 * * *' }),
    backend('never', { uptime_schedule: 'when I say so' }),
    backend('off', { is_enabled: false }),
    backend('broken', { hostname: 'trino.example/path' }),
  ],
  groups: [
    { id: 'adhoc', is_enabled: true, strategy: 'ROUND_ROBIN', backends: ['blue', 'green', 'blue'] },
    { id: 'etl', is_enabled: true, strategy: 'LEAST_LOAD', backends: ['Night Shift', 'broken'] },
    { id: 'idle', is_enabled: false, strategy: 'RANDOM', backends: ['off', 'never'] },
    { id: 'empty', is_enabled: true, strategy: 'RANDOM', backends: [] },
  ],
  policies: [
    policy('port', 'listening_port', '8080', { is_auth_delegated: true, set_request_source: 'bi' }),
    policy('host', 'header_host', 'BI.example:8080', { is_auth_delegated: true, set_request_source: 'bi' }),
    policy('tags', 'header_client_tags', 'etl, nightly', { group: 'etl', fallback_group: 'adhoc' }),
    policy('properties', 'header_connection_properties', 'team=data', { is_enabled: false }),
    policy('no value', 'header_client_tags', '', {}),
    policy('no-port', 'listening_port', 'http', {}),
    policy('of-empty', 'header_host', 'x', { group: 'empty' }),
    policy('unknown', 'header_user', 'x', {}),
  ],
};

function backend(
  id: string,
  more: Partial<RazorpayConfiguration['backends'][number]>,
): RazorpayConfiguration['backends'][number] {
  return {
    id,
    is_enabled: true,
    scheme: 'http',
    hostname: `${id.replace(' ', '-')}:8080`,
    external_url: `${id.replace(' ', '-')}:8080`,
    uptime_schedule: ALWAYS,
    threshold_cluster_load: 0,
    ...more,
  };
}

function policy(
  id: string,
  type: string,
  value: string,
  more: Partial<RazorpayConfiguration['policies'][number]>,
): RazorpayConfiguration['policies'][number] {
  return {
    id,
    rule: { type, value },
    is_enabled: true,
    group: 'adhoc',
    fallback_group: '',
    is_auth_delegated: false,
    set_request_source: '',
    ...more,
  };
}
