import { PinnersageError } from '../errors.js';
import type { Filter } from '../model/filter.js';

/** The filter of a query string, as a field to spread. The engine says where one is not well formed. */
export function filterField(text: string | undefined): { readonly filter?: Filter } {
  if (text === undefined) return {};
  try {
    return { filter: JSON.parse(text) as Filter };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new PinnersageError(
      'option-invalid',
      `filter: got ${text}, expected JSON such as {"lang": "en"} (${error.message})`,
    );
  }
}
