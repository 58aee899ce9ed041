/** Something this machine lacks; the message says what to install, or how to do without. */
export class MissingTool extends Error {
  override readonly name = 'MissingTool';
}

/** What to do instead of starting sample coordinators. */
export const OWN_CLUSTERS =
  'or use Trino clusters of your own: make run BACKENDS=http://host-a:8080,http://host-b:8080';
