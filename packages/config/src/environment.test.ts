import { expect, test } from '@jest/globals';
import { load, problems } from '../tests/support/load.ts';

test('a bad value from the environment is reported under the name of its variable', () => {
  expect(problems({ env: { TRINO_GATEWAY_MONITOR_INTERVAL: 'soon' } })).toEqual([
    'TRINO_GATEWAY_MONITOR_INTERVAL: expected a duration with a unit, such as 250ms, 10s, 5m or 1h, from 1ms to 24d, got "soon"',
  ]);
});

test('Kubernetes Service links in the environment are not mistaken for settings', () => {
  const env = {
    TRINO_GATEWAY_ROUTER_SERVICE_HOST: '10.0.0.1',
    TRINO_GATEWAY_ROUTER_SERVICE_PORT: '8080',
    TRINO_GATEWAY_ROUTER_SERVICE_PORT_TRINO: '8080',
    TRINO_GATEWAY_ROUTER_PORT: 'tcp://10.0.0.1:8080',
    TRINO_GATEWAY_ROUTER_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
    TRINO_GATEWAY_ROUTER_PORT_8080_TCP_ADDR: '10.0.0.1',
  };
  expect(load({ env })).toEqual(load({}));
});

test('the environment beats the file', () => {
  const { router } = load({
    yaml: 'router: { listen: "0.0.0.0:1", state_file: a.json }',
    env: { TRINO_GATEWAY_ROUTER_LISTEN: '0.0.0.0:2' },
  });
  expect(router).toMatchObject({ listen: [{ host: '0.0.0.0', port: 2 }], state_file: 'a.json' });
});
