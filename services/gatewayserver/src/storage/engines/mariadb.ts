import type { Engine } from './engine.ts';
import { mysql, mysqlAddress } from './mysql.ts';

/** MariaDB. For the store it differs from MySQL in its name alone. */
export const mariadb: Engine = {
  ...mysql,
  name: 'mariadb',
  schemes: ['mariadb:'],
  example: 'mariadb://',
  driver: 'mariadb',
  addressOf: (url, tls) => mysqlAddress('mariadb', url, tls),
};
