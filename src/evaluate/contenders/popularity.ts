import type { Contender } from '../contender.js';
import { popularityName } from '../report.js';

/** What everybody likes now, the same for all users but for what each has seen. */
export function popularity(): Contender {
  return {
    name: popularityName,
    about: 'the most popular items, decayed by age; not personal',
    fit: ({ barred, models: { popular, popularity, table } }) => ({
      candidates: (count) => {
        const found = [];
        for (let i = 0; i < popular.items.length && found.length < count; i++) {
          const item = popular.items[i];
          const row = table.rowOfItem[item];
          if (row >= 0 && table.live[row] === 1 && !barred.has(item)) found.push(item);
        }
        return found;
      },
      score: (item) => popularity[item],
    }),
  };
}
