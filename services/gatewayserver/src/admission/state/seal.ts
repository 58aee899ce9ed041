/** An incarnation to which nothing new is sent. Its names are in stored rows (StoredSeal): they stay. */
export type Seal = {
  /** The five characters that its query ids end with. */
  readonly suffix: string;
  readonly backendId: string;
  readonly url: string;
  /** The drain that it ends. */
  readonly drain: number;
  readonly sealedAt: number;
  /** Since when it is known that nothing is left there; absent before. */
  readonly provenAt?: number;
};
