type Printing = { output(): string };

/** What processes have logged from now on. */
export function linesSince<Name extends string>(processes: Readonly<Record<Name, Printing>>) {
  const names = Object.keys(processes) as Name[];
  const before = new Map(names.map((name) => [name, processes[name].output()]));
  const linesOf = (name: Name): { level: string; message: string }[] => {
    const printed = processes[name].output();
    const seen = before.get(name) ?? '';
    const fresh = printed.startsWith(seen) ? printed.slice(seen.length) : printed;
    return fresh.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  };
  const each = <Value>(value: (name: Name) => Value) =>
    Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>;
  return {
    /** The messages of a level, oldest first. */
    messages: (level: string) =>
      each((name) =>
        linesOf(name)
          .filter((line) => line.level === level)
          .map(({ message }) => message),
      ),
    /** How many lines of any level. */
    counts: () => each((name) => linesOf(name).length),
  };
}
