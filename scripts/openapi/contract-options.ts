import { createRegistry, type DescExtension, type DescFile, type DescMethod, getOption } from '@bufbuild/protobuf';
import { type HttpRoute, type HttpRule, httpRoute } from '@trino-gateway/api/http-routes';

/** What the options of an RPC say. */
export type RpcFacts = {
  rpc: DescMethod;
  /** READ, ADMIN or OPEN. */
  level: string;
  internal: boolean;
  /** Absent when it is not reached as REST. */
  route: HttpRoute | undefined;
};

/** Reads the options by the descriptors of the request: generated code may not be there while it is generated. */
export function optionReader(allFiles: readonly DescFile[]): (rpc: DescMethod) => RpcFacts {
  const registry = createRegistry(...allFiles);
  const extension = (name: string): DescExtension => {
    const found = registry.getExtension(name);
    if (!found) throw new Error(`expected the extension ${name} among the files`);
    return found;
  };
  const http = extension('google.api.http');
  const authorization = extension('trinogateway.v1.authorization');
  const internal = extension('trinogateway.v1.internal');
  const levels = registry.getEnum('trinogateway.v1.Authorization.Level');
  return (rpc) => {
    const rule = getOption(rpc, http) as HttpRule;
    return {
      rpc,
      level: levels?.value[getOption(rpc, authorization) as number]?.name ?? '',
      internal: getOption(rpc, internal) === true,
      route: rule.pattern.case === undefined ? undefined : httpRoute(rpc, rule),
    };
  };
}
