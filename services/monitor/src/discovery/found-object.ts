/** An object of Kubernetes, as far as discovery looks at it. */
export type FoundObject = {
  namespace: string;
  name: string;
  annotations: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  createdAt: number;
  resourceVersion: string;
  spec: Readonly<Record<string, unknown>>;
};

type Metadata = Partial<
  Record<'namespace' | 'name' | 'creationTimestamp' | 'resourceVersion' | 'annotations', unknown>
>;

/** Reads an object; undefined when it is none. */
export function readObject(value: unknown): FoundObject | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { metadata, spec } = value as { metadata?: Metadata; spec?: unknown };
  const { namespace, name, creationTimestamp, resourceVersion, annotations } = metadata ?? {};
  if (typeof namespace !== 'string' || typeof name !== 'string') return undefined;
  return {
    namespace,
    name,
    annotations: Object.fromEntries(
      Object.entries((annotations ?? {}) as object).filter(([, text]) => typeof text === 'string'),
    ) as Record<string, string>,
    createdAt: Date.parse(String(creationTimestamp)) || 0,
    resourceVersion: String(resourceVersion ?? ''),
    spec: typeof spec === 'object' && spec !== null ? (spec as Record<string, unknown>) : {},
  };
}
