/** What a filter compares with. Kinds are never mixed: the number 7 is not the text "7". */
export type FilterValue = string | number | boolean;

/** A bound of a range: a finite number, or an instant as ISO 8601 text (UTC where it names no zone). */
export type FilterBound = number | string;

/**
 * What one metadata field must be; all given operators must hold. A field that is a list holds several values, and
 * an operator is met by any one of them (`all`: each named value is among them).
 */
export interface FieldTest {
  /** Any of these. */
  readonly in?: readonly FilterValue[];
  /** Any of these: the same as `in`, for fields that are lists. */
  readonly any?: readonly FilterValue[];
  /** Each of these. */
  readonly all?: readonly FilterValue[];
  /** The bounds of one range are of one kind, and one value must lie within all of them. */
  readonly gte?: FilterBound;
  readonly gt?: FilterBound;
  readonly lte?: FilterBound;
  readonly lt?: FilterBound;
  /** Whether the field is there and not null. */
  readonly exists?: boolean;
}

/**
 * A condition on the metadata of items, as plain JSON. The entries of one object must all hold; `and`, `or` and `not`
 * are reserved, every other name is a field: `{"lang": "en", "not": {"tags": {"any": ["nsfw"]}}}`. `{}` admits all.
 */
export interface Filter {
  readonly and?: readonly Filter[];
  readonly or?: readonly Filter[];
  /** The complement: also admits items that lack the field. */
  readonly not?: Filter;
  readonly [field: string]: FilterValue | FieldTest | Filter | readonly Filter[] | undefined;
}
