import type { EntitySchemaColumnOptions, ValueTransformer } from 'typeorm';
import type { ColumnType, ColumnTypes } from '../engines/columns.ts';

/** The longest values that fit columns with an index, in characters. */
export const LENGTHS = { id: 128, name: 256, url: 512, address: 64, suffix: 16 } as const;

/** Every field of a row has a column, or this does not compile. */
export type Columns<Row> = Record<keyof Row, EntitySchemaColumnOptions>;

/** Servers' drivers answer bigint as text; in rows it is a number. */
const asNumber: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: unknown) => (value === null || value === undefined ? null : Number(value)),
};

/** A number below 2^53; times are milliseconds since 1970. */
export const bigColumn = ({ big }: ColumnTypes) => ({ ...big, transformer: asNumber });

/** The column of a row's own id. */
export const idColumn = ({ name }: ColumnTypes) => primary(name(LENGTHS.id));

/** A column of the primary key. */
export const primary = (type: ColumnType) => ({ ...type, primary: true });
