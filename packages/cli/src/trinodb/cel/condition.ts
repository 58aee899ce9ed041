/** A condition of the Common Expression Language, kept in parts so that it can be combined and stay readable. */
export type Condition =
  | { is: 'constant'; value: boolean }
  | { is: 'atom'; text: string }
  | { is: 'not'; of: Condition }
  | { is: 'all' | 'any'; of: readonly Condition[] };

export const ALWAYS: Condition = { is: 'constant', value: true };
export const NEVER: Condition = { is: 'constant', value: false };

/** A comparison, a call: something that binds stronger than && and ||. */
export function atom(text: string): Condition {
  return { is: 'atom', text };
}

export function not(condition: Condition): Condition {
  if (condition.is === 'constant') return condition.value ? NEVER : ALWAYS;
  return condition.is === 'not' ? condition.of : { is: 'not', of: condition };
}

export function all(...conditions: readonly Condition[]): Condition {
  return joined('all', conditions);
}

export function any(...conditions: readonly Condition[]): Condition {
  return joined('any', conditions);
}

/** In the language's own words. */
export function printed(condition: Condition): string {
  switch (condition.is) {
    case 'constant':
      return String(condition.value);
    case 'atom':
      return condition.text;
    case 'not':
      return `!${condition.of.is === 'atom' && isTight(condition.of.text) ? condition.of.text : `(${printed(condition.of)})`}`;
    default: {
      const operator = condition.is === 'all' ? ' && ' : ' || ';
      return condition.of
        .map((one) => (one.is === 'all' || one.is === 'any' ? `(${printed(one)})` : printed(one)))
        .join(operator);
    }
  }
}

/** A text as the language writes it. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u2028\u2029\u007f]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** What all of them say, each once; constants count only where they decide. */
function joined(is: 'all' | 'any', conditions: readonly Condition[]): Condition {
  const deciding = is === 'any';
  const flat = conditions.flatMap((one) => (one.is === is ? one.of : [one]));
  if (flat.some((one) => one.is === 'constant' && one.value === deciding)) return deciding ? ALWAYS : NEVER;
  const texts = new Set<string>();
  const kept = flat.filter((one) => {
    const text = printed(one);
    const isNew = one.is !== 'constant' && !texts.has(text);
    texts.add(text);
    return isNew;
  });
  const [first, ...others] = kept;
  if (first === undefined) return deciding ? NEVER : ALWAYS;
  return others.length === 0 ? first : { is, of: kept };
}

function isTight(text: string): boolean {
  return /^[\w.]+\((?:[^()]|\([^()]*\))*\)$/.test(text);
}
