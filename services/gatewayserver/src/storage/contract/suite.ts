/** Secrets that all processes of the suite share. */
export type SuiteSecretStore = {
  /** 32 random bytes, drawn once for the whole suite. Refusals, links and cookies are signed with it. */
  signingKey(): Promise<Uint8Array>;
};

/** Duties that one replica does for all of them. */
export type DutyStore = {
  /** Takes or prolongs a duty for `ms` from now on by the database's clock. False while another holder has it. */
  hold(name: string, holder: string, ms: number): Promise<boolean>;
  /** Gives it back early; nothing happens when it is another's. */
  end(name: string, holder: string): Promise<void>;
};
