// pnpm passes SIGTERM and SIGINT on to the script it runs, and dies of SIGHUP, which makes the services read their configuration
// anew: it is passed on, too.
process.on('SIGHUP', () => {
  for (const handle of process._getActiveHandles())
    if (handle.constructor.name === 'ChildProcess') handle.kill('SIGHUP');
});

module.exports = {};
