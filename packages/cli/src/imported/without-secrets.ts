import { clone } from '@bufbuild/protobuf';
import { BackendSchema, RoutingChainSchema } from '@trino-gateway/api/gateway';
import type { Imported } from './configuration.ts';

/** The same to be shown: passwords are left out, and notes say where. */
export function withoutSecrets({ declared, notes }: Imported): Imported {
  const told = [...notes];
  const leftOut = (about: string, field: string) =>
    told.push({ about, text: `its ${field} is not shown: fill it in, or use --write, which takes it over` });
  const backends = declared.backends.map((backend) => {
    if (!backend.probe?.password) return backend;
    const shown = clone(BackendSchema, backend);
    if (shown.probe) shown.probe.password = '';
    leftOut(`backend "${backend.id}"`, 'probe.password');
    return shown;
  });
  const routingChain = declared.routingChain && clone(RoutingChainSchema, declared.routingChain);
  for (const { id, kind } of routingChain?.steps ?? []) {
    if (kind.case !== 'explainCost' || kind.value.password === '') continue;
    kind.value.password = '';
    leftOut(`step "${id}"`, 'password');
  }
  return { declared: { ...declared, backends, ...(routingChain && { routingChain }) }, notes: told };
}
