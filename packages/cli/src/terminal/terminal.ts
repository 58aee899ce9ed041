/** A screen that a person watches. */
export type Screen = {
  clear(): void;
  /** Resolves when it is time to refresh; false to stop. */
  nextRefresh(): Promise<boolean>;
};

/** Ctrl-C aborts the signal, until disposal, instead of ending the process; a second one ends it. */
export type Interruption = Disposable & { readonly signal: AbortSignal };

/** What a command needs of the process it runs in. */
export type Terminal = {
  /** Prints a line of the answer. */
  out(line: string): void;
  /** Prints a line for the person at the keyboard: problems, hints. */
  err(line: string): void;
  /** How many characters fit into a line; undefined when the answer goes to a file or another program. */
  columns: number | undefined;
  /** A screen that can be refreshed; undefined when the answer goes to a file or another program. */
  screen: Screen | undefined;
  /** Absent: Ctrl-C ends the process. */
  interruption?: () => Interruption;
  env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, or of standard input for `-`. @throws the error of the file system */
  read(path: string): Promise<string>;
};
