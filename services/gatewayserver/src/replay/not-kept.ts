import type { RoutingChain, RoutingStep } from '@trino-gateway/api/gateway';

/** What the steps of a chain look at and history does not keep, each as a sentence. */
export function notKept({ steps }: RoutingChain): string[] {
  const enabled = steps.filter((step) => step.enabled !== false);
  return [...new Set(enabled.flatMap((step) => ofStep(step).map((what) => `step ${step.id}: ${what}`)))];
}

function ofStep({ kind }: RoutingStep): string[] {
  switch (kind.case) {
    case 'routingGroupHeader': {
      const { header } = kind.value;
      const isKept = header === '' || header.toLowerCase() === 'x-trino-routing-group';
      return isKept
        ? []
        : [`the header ${header} is not kept in the history: none was sent, as far as this replay knows`];
    }
    case 'rules': {
      const rules = kind.value.rules.filter(({ enabled }) => enabled !== false);
      const ask = (name: RegExp) =>
        rules.some(({ when }) => name.test(when.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '')));
      return [
        ...(ask(/\bheaders\b/) ? ['of headers, history keeps those that rules have a name for'] : []),
        ...(ask(/\bsession\b/) ? ['of session properties, history keeps the names: values are empty here'] : []),
        ...(ask(/\bgroups\b/) ? ['groups of users are not kept in the history'] : []),
        ...(ask(/\bin_transaction\b/) ? ['statements inside of transactions are not replayed'] : []),
      ];
    }
    case 'script':
    case 'external':
      return ['it sees the headers that history keeps, and no others'];
    case 'explainCost':
      return ['it asks without session properties, roles and credentials of the client'];
    default:
      return [];
  }
}
