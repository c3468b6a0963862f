import { Ajv, type ErrorObject } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { namedSchemas } from '../api/named.js';
import { PinnersageError } from '../errors.js';

/** What the parts of a request are called in messages. */
const partNames: { readonly [part: string]: string } = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'headers',
};

/**
 * Checks requests against their schemas. Bodies are taken as they are; query strings are text, so numbers, booleans
 * and lists of one are read from it. A field that the schema does not know is refused, not dropped.
 */
export function requestValidator(): FastifySchemaCompiler<TSchema> {
  const bodies = validator(false);
  const texts = validator('array');
  return ({ schema, httpPart = 'body' }) => {
    const check = (httpPart === 'body' ? bodies : texts).compile(schema);
    return (value: unknown) => {
      if (check(value)) return { value };
      const [first] = check.errors ?? [];
      return {
        error: new PinnersageError('option-invalid', describe(partNames[httpPart] ?? httpPart, first)),
      };
    };
  };
}

function validator(coerceTypes: false | 'array'): Ajv {
  // `verbose` puts what was got into the errors; formats are for the document, the engine reads times itself.
  const ajv = new Ajv({ coerceTypes, verbose: true, validateFormats: false, allowUnionTypes: true });
  ajv.addSchema([...namedSchemas]);
  return ajv;
}

function describe(part: string, error: ErrorObject | undefined): string {
  if (!error) return `${part}: not as documented`;
  const place = `${part}${error.instancePath.replaceAll('/', '.')}`;
  if (error.keyword === 'additionalProperties')
    return `${place}: got the field "${error.params.additionalProperty}", which is not known`;
  const values = error.keyword === 'enum' ? `: ${error.params.allowedValues.join(', ')}` : '';
  return `${place}: got ${shortened(error.data)}, which ${error.message}${values}`;
}

const shownCharacters = 80;

function shortened(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
}
