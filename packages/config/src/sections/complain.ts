/** Collects one problem of the configuration. */
export type Complain = (path: string, message: string) => void;
