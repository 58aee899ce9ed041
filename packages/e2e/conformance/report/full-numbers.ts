/** The files whose cases name numbers too large for each change, and what makes them as large as the cases say. */
export const fullNumbers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'conformance/attacks': { CONFORMANCE_GUESSES: '1000000', CONFORMANCE_IDLE: '10000' },
  'conformance/queueing.long': { RACES: '500', STATEMENTS: '500' },
  'conformance/raw': { CLIENT_STATEMENTS: '50' },
  'conformance/waiting-clients.long': { WAITS_SECONDS: '180' },
  'real/events.long': { ACCOUNTED: '1000' },
  'real/rows.long': { STREAMED: '5000000' },
};
