import { type Static, type TSchema, Type } from 'typebox';

/** What a schema admits, as callers see it: nothing in it is theirs to change. */
export type Plain<S extends TSchema> = DeepReadonly<Static<S>>;

export type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [field in keyof T]: DeepReadonly<T[field]> }
    : T;

/** A closed record; a field that is not listed is refused in requests, unless `additionalProperties` says otherwise. */
export function record<const P extends Parameters<typeof Type.Object>[0]>(
  fields: P,
  options: {
    readonly $id?: string;
    readonly description?: string;
    readonly additionalProperties?: boolean;
  } = {},
) {
  return Type.Object(fields, { additionalProperties: false, ...options });
}

/** One of some texts. `type` is named because serializers are slow without it. */
export function oneOf<const V extends readonly string[]>(values: V, description: string) {
  return Object.assign(Type.Unsafe<V[number]>({ enum: [...values], description }), {
    type: 'string' as const,
  });
}

/** The schema, or null, as one schema with two types: `anyOf` would be decided by validation each time. */
export function nullable<S extends TSchema & { readonly type: string; readonly enum?: readonly string[] }>(
  schema: S,
) {
  const options = schema.enum === undefined ? {} : { enum: [...schema.enum, null] };
  return Type.Unsafe<Static<S> | null>({ ...schema, ...options, type: [schema.type, 'null'] });
}

/** A schema of the OpenAPI document, by its name. */
export function ref<S extends TSchema>(schema: S) {
  const { $id } = schema as S & { readonly $id?: string };
  if ($id === undefined) throw new TypeError('only a schema with an $id can be referred to');
  return Type.Unsafe<Static<S>>({ $ref: `${$id}#` });
}

export function listOf<S extends TSchema>(schema: S, description: string) {
  return Type.Array(schema, { description });
}

export const id = (description: string) =>
  Type.String({ minLength: 1, maxLength: 256, description: `${description}; 1 to 256 UTF-8 bytes` });

export const instant = (description: string) =>
  Type.String({ format: 'date-time', description: `${description}, ISO 8601 in UTC` });

export const number = (description: string) => Type.Number({ description });
export const text = (description: string) => Type.String({ description });
export const flag = (description: string) => Type.Boolean({ description });

/** An integer from `least` on, up to `most` where there is a limit. */
export const integer = (description: string, least = 0, most?: number) =>
  Type.Integer({ minimum: least, ...(most === undefined ? {} : { maximum: most }), description });
