import type { ConnectRouter } from '@connectrpc/connect';
import {
  AdmissionService,
  BackendService,
  CarrierService,
  GroupService,
  PolicyService,
  QueryService,
  QueueService,
  RoutingService,
  SuiteService,
} from '@trino-gateway/api/gateway';
import { Health } from '@trino-gateway/api/health';
import { ServerReflection } from '@trino-gateway/api/reflection';
import { ServerReflection as ServerReflectionV1Alpha } from '@trino-gateway/api/reflection-v1alpha';
import { namingJsonFields } from '../configuration/json-problems.ts';
import { admissionService } from './admission.ts';
import { tellingMethods } from './allowed-methods.ts';
import { backendService } from './backends.ts';
import { carriedMethods, carrierService } from './carrier.ts';
import type { RpcContext } from './context.ts';
import { groupService } from './groups.ts';
import { healthService } from './health.ts';
import type { Guard } from './interceptors.ts';
import { policyService } from './policies.ts';
import { queryService } from './queries.ts';
import { queueService } from './queue.ts';
import { reflectionServices } from './reflection.ts';
import { routingService } from './routing.ts';
import { suiteService } from './suite.ts';

const SERVICES = [
  BackendService,
  GroupService,
  PolicyService,
  RoutingService,
  QueueService,
  QueryService,
  AdmissionService,
  SuiteService,
  CarrierService,
];

/** Registers every service. */
export function registerServices(router: ConnectRouter, context: RpcContext, guard: Guard): void {
  const reflection = reflectionServices([...SERVICES, Health, ServerReflection]);
  const routing = routingService(context);
  const admission = admissionService(context);
  const methods = new Map([...carriedMethods(RoutingService, routing), ...carriedMethods(AdmissionService, admission)]);
  router
    .service(BackendService, backendService(context))
    .service(GroupService, groupService(context))
    .service(PolicyService, policyService(context))
    .service(RoutingService, routing)
    .service(QueueService, queueService(context))
    .service(QueryService, queryService(context))
    .service(AdmissionService, admission)
    .service(SuiteService, suiteService(context))
    .service(CarrierService, carrierService({ methods, guard, stopping: context.stopping }))
    .service(
      Health,
      healthService(
        SERVICES.map(({ typeName }) => typeName),
        context,
      ),
    )
    .service(ServerReflection, reflection.v1)
    .service(ServerReflectionV1Alpha, reflection.v1alpha);
  router.handlers.splice(0, router.handlers.length, ...router.handlers.map(namingJsonFields).map(tellingMethods));
}
