import type { Asking } from '../support/wire.ts';

export const JSON_TYPE = ['Content-Type', 'application/json'];
export const FOREIGN_ORIGIN = ['Origin', 'http://evil.example'];
export const RPC_DISABLE = '/trinogateway.v1.BackendService/DisableBackend';

const DISABLE = '/api/v1/backends/b0:disable';
const FORM = ['Content-Type', 'application/x-www-form-urlencoded'];
const PLAIN = ['Content-Type', 'text/plain'];
const BODY = '{"id":"b0"}';
/** A frame of gRPC-web: no flags, and the length of what follows. */
const FRAMED_BODY = Buffer.concat([Buffer.from([0, 0, 0, 0, BODY.length]), Buffer.from(BODY)]);

/** What a page of somebody else can have a browser send to the API at this port, by name. */
export function foreignRequests(port: number): [string, Omit<Asking, 'port'>][] {
  const own = ['Host', `127.0.0.1:${port}`];
  return [
    [
      'POST :disable from another origin, no body',
      { method: 'POST', target: DISABLE, headers: [...own, ...FOREIGN_ORIGIN] },
    ],
    [
      'the same with a form',
      { method: 'POST', target: DISABLE, headers: [...own, ...FOREIGN_ORIGIN, ...FORM], body: 'a=b' },
    ],
    [
      'the same as JSON',
      { method: 'POST', target: DISABLE, headers: [...own, ...FOREIGN_ORIGIN, ...JSON_TYPE], body: '{}' },
    ],
    ['the same, Origin: null', { method: 'POST', target: DISABLE, headers: [...own, 'Origin', 'null'] }],
    ['POST :disable without content type', { method: 'POST', target: DISABLE, headers: own }],
    ['POST :disable as text/plain', { method: 'POST', target: DISABLE, headers: [...own, ...PLAIN], body: '{}' }],
    [
      'POST :disable, Host: evil',
      { method: 'POST', target: DISABLE, headers: ['Host', 'evil', ...JSON_TYPE], body: '{}' },
    ],
    ['GET backends, Host: evil.example', { target: '/api/v1/backends', headers: ['Host', `evil.example:${port}`] }],
    ['GET a page of ours, Host: evil.example', { target: '/admin/openapi.json', headers: ['Host', 'evil.example'] }],
    [
      'RPC from another origin',
      { method: 'POST', target: RPC_DISABLE, headers: [...own, ...FOREIGN_ORIGIN, ...JSON_TYPE], body: BODY },
    ],
    ['RPC, Host: evil', { method: 'POST', target: RPC_DISABLE, headers: ['Host', 'evil', ...JSON_TYPE], body: BODY }],
    [
      'gRPC-web from another origin',
      {
        method: 'POST',
        target: RPC_DISABLE,
        headers: [...own, ...FOREIGN_ORIGIN, 'Content-Type', 'application/grpc-web+json'],
        body: FRAMED_BODY,
      },
    ],
    [
      'events, Host: evil',
      { method: 'POST', target: '/v1/trino/events', headers: ['Host', 'evil', ...JSON_TYPE], body: '{}' },
    ],
    [
      'events as text/plain from another origin',
      { method: 'POST', target: '/v1/trino/events', headers: [...own, ...FOREIGN_ORIGIN, ...PLAIN], body: '{}' },
    ],
  ];
}
