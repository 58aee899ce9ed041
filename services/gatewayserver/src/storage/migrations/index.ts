import { CreateRoutingChains } from './0010-routing-chain.ts';
import { AddQueryRouting, CreateRoutingHits } from './0011-routing-history.ts';
import { AddRequestFacts } from './0012-request-facts.ts';
import { CreateClusterScaling, CreateGroupScaling, CreateScalingEvents, CreateScalingLead } from './0013-scaling.ts';
import { AddTransactionSuffix, CreateDrains, CreateRouterReports, StartDrains } from './0014-drains.ts';
import { CreateDiscoveredMembers, CreateDiscoverySources } from './0015-discovery.ts';
import { CreateConnectionReports } from './0016-connections.ts';
import { CreateBackends, CreateGroups, CreatePolicies } from './before-0010/0001-configuration.ts';
import { CreateBackendOverrides, CreateBackendStatuses, CreateIncarnations } from './before-0010/0002-conditions.ts';
import { CreateRevisions, CreateSuiteSecrets, StartRevisions } from './before-0010/0003-suite.ts';
import { CreateQueries } from './before-0010/0004-queries.ts';
import { CreateBackendSchedules } from './before-0010/0005-schedules.ts';
import { CreateDuties, IndexQueriesByState } from './before-0010/0006-history-upkeep.ts';
import { CreateOpenTransactions } from './before-0010/0007-transactions.ts';
import { CreateAdmissionEntries, CreateAdmissionSealed, StartAdmission } from './before-0010/0008-admission.ts';
import { AddIncarnationTls } from './before-0010/0009-incarnation-tls.ts';

/** All migrations, oldest first. One that has been released never changes; a new one goes to the end. */
export const MIGRATIONS = [
  CreateBackends,
  CreateGroups,
  CreatePolicies,
  CreateBackendStatuses,
  CreateBackendOverrides,
  CreateIncarnations,
  CreateRevisions,
  StartRevisions,
  CreateSuiteSecrets,
  CreateQueries,
  CreateBackendSchedules,
  CreateDuties,
  IndexQueriesByState,
  CreateOpenTransactions,
  CreateAdmissionEntries,
  CreateAdmissionSealed,
  StartAdmission,
  AddIncarnationTls,
  CreateRoutingChains,
  AddQueryRouting,
  CreateRoutingHits,
  AddRequestFacts,
  CreateScalingLead,
  CreateClusterScaling,
  CreateGroupScaling,
  CreateScalingEvents,
  CreateDrains,
  CreateRouterReports,
  StartDrains,
  AddTransactionSuffix,
  CreateDiscoverySources,
  CreateDiscoveredMembers,
  CreateConnectionReports,
];
