// Tests run in a realm of their own, Node's own errors come from outside it. In production there is one realm: an error of Node is an
// instance of Error. Libraries ask for that, to tell a client that hung up from a failure.
Object.defineProperty(Error, Symbol.hasInstance, {
  value(candidate) {
    return this === Error ? Error.isError(candidate) : Function.prototype[Symbol.hasInstance].call(this, candidate);
  },
});
