/** Who reads what clients send: our own reader, which hands on what is unusual, or Node's alone. */
export const carriers: readonly (readonly [name: string, router: Record<string, string>])[] = [
  ['our own reader', { FAST_PATH: 'true' }],
  ["Node's reader alone", { FAST_PATH: 'false' }],
];
