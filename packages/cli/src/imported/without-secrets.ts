import { clone } from '@bufbuild/protobuf';
import { BackendSchema, RoutingChainSchema } from '@trino-gateway/api/gateway';
import type { Imported } from './configuration.ts';

/** The same to be shown: passwords are left out, and notes say where. */
export function withoutSecrets({ declared, chain, notes }: Imported): Imported {
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
  const shownChain = chain && clone(RoutingChainSchema, chain);
  for (const { id, kind } of shownChain?.steps ?? []) {
    if (kind.case !== 'explainCost' || kind.value.password === '') continue;
    kind.value.password = '';
    leftOut(`step "${id}"`, 'password');
  }
  return { declared: { ...declared, backends }, ...(shownChain && { chain: shownChain }), notes: told };
}
