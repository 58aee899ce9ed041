import type { ConnectRouter } from '@connectrpc/connect';
import {
  AdmissionService,
  BackendService,
  CarrierService,
  DiscoveryService,
  GroupService,
  PolicyService,
  QueryService,
  QueueService,
  RoutingService,
  ScalingService,
  SuiteService,
} from '@trino-gateway/api/gateway';
import { Health } from '@trino-gateway/api/health';
import { ServerReflection } from '@trino-gateway/api/reflection';
import { ServerReflection as ServerReflectionV1Alpha } from '@trino-gateway/api/reflection-v1alpha';
import { admissionService } from './services/admission/admission.ts';
import { backendService } from './services/backends/backends.ts';
import type { RpcContext } from './services/context.ts';
import { groupService } from './services/groups.ts';
import { healthService } from './services/health.ts';
import { policyService } from './services/policies.ts';
import { queryService } from './services/queries.ts';
import { queueService } from './services/queue.ts';
import { reflectionServices } from './services/reflection.ts';
import { routingService } from './services/routing.ts';
import { scalingService } from './services/scaling/scaling.ts';
import { discoveryService } from './services/suite/discovery.ts';
import { suiteService } from './services/suite/suite.ts';
import { explainRefusals } from './transport/explain-refusals.ts';
import type { Guard } from './transport/interceptors.ts';
import { withJsonProblems } from './transport/json-problems.ts';
import { multiplexedMethods, multiplexerService } from './transport/multiplexer.ts';
import type { MultiplexedMethod } from './transport/open-calls.ts';

const SERVICES = [
  BackendService,
  GroupService,
  PolicyService,
  RoutingService,
  QueueService,
  QueryService,
  ScalingService,
  AdmissionService,
  SuiteService,
  DiscoveryService,
  CarrierService,
];

/** Registers every service. @returns the methods that may be multiplexed, by their full names */
export function registerServices(
  router: ConnectRouter,
  context: RpcContext,
  guard: Guard,
): ReadonlyMap<string, MultiplexedMethod> {
  const reflection = reflectionServices([...SERVICES, Health, ServerReflection]);
  const routing = routingService(context);
  const admission = admissionService(context);
  const methods = new Map([
    ...multiplexedMethods(RoutingService, routing),
    ...multiplexedMethods(AdmissionService, admission),
  ]);
  router
    .service(BackendService, backendService(context))
    .service(GroupService, groupService(context))
    .service(PolicyService, policyService(context))
    .service(RoutingService, routing)
    .service(QueueService, queueService(context))
    .service(QueryService, queryService(context))
    .service(ScalingService, scalingService(context))
    .service(AdmissionService, admission)
    .service(SuiteService, suiteService(context))
    .service(DiscoveryService, discoveryService(context))
    .service(CarrierService, multiplexerService({ methods, guard, stopping: context.stopping }))
    .service(
      Health,
      healthService(
        SERVICES.map(({ typeName }) => typeName),
        context,
      ),
    )
    .service(ServerReflection, reflection.v1)
    .service(ServerReflectionV1Alpha, reflection.v1alpha);
  router.handlers.splice(0, router.handlers.length, ...router.handlers.map(withJsonProblems).map(explainRefusals));
  return methods;
}
