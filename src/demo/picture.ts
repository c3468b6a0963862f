import { deriveSeed } from '../math/hash.js';
import { createRng, type Rng } from '../math/rng.js';

/**
 * A small picture as a data URI: colours come from the area and the topic, the motif from the area, the arrangement
 * from the item, so that items of one topic look alike and no two the same.
 */
export function pictureOf(seed: number, areaId: number, topicId: number, itemIndex: number): string {
  const topic = createRng(deriveSeed(seed, 'palette', topicId));
  const rng = createRng(deriveSeed(seed, 'picture', itemIndex));
  const hue = Math.round(areaId * 137.5 + 30 * (topic.uniform() - 0.5)) % 360;
  const accent = (hue + 30 + topic.below(120)) % 360;
  const ground = `hsl(${hue} ${30 + topic.below(30)}% ${84 + rng.below(8)}%)`;
  const motif = motifs[areaId % motifs.length];
  const shapes = Array.from({ length: 3 + topic.below(3) }, (_, i) => {
    const colour = `hsl(${i % 2 === 0 ? hue : accent} ${45 + rng.below(25)}% ${38 + rng.below(30)}%)`;
    return motif(rng, colour);
  });
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 120 120'><rect width='120' height='120' fill='${ground}'/><g fill-opacity='.8'>${shapes.join('')}</g></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg).replace(/%(?:3D|2F|3A|2C)/g, decodeURIComponent)}`;
}

type Motif = (rng: Rng, colour: string) => string;

const between = (rng: Rng, low: number, high: number): number => low + rng.below(high - low + 1);

const circle: Motif = (rng, colour) =>
  `<circle cx='${between(rng, 20, 100)}' cy='${between(rng, 20, 100)}' r='${between(rng, 10, 34)}' fill='${colour}'/>`;

const hill: Motif = (rng, colour) => {
  const top = between(rng, 25, 95);
  const shift = between(rng, 10, 110);
  return `<path d='M0 120V${top + 15}Q${shift} ${top - 25} 120 ${top}V120Z' fill='${colour}'/>`;
};

const leaf: Motif = (rng, colour) => {
  const length = between(rng, 30, 55);
  return `<path transform='translate(60 64) rotate(${rng.below(360)})' d='M0 0Q${length / 2} -22 ${length} 0Q${length / 2} 22 0 0Z' fill='${colour}'/>`;
};

const block: Motif = (rng, colour) =>
  `<rect x='${between(rng, 8, 70)}' y='${between(rng, 8, 70)}' width='${between(rng, 18, 46)}' height='${between(rng, 18, 46)}' rx='${rng.below(10)}' fill='${colour}'/>`;

const arch: Motif = (rng, colour) => {
  const width = between(rng, 10, 28);
  const x = between(rng, 14, 105 - width);
  return `<path d='M${x} 120V${between(rng, 40, 90)}a${width / 2} ${width / 2} 0 0 1 ${width} 0V120Z' fill='${colour}'/>`;
};

const wave: Motif = (rng, colour) => {
  const y = between(rng, 15, 105);
  const swing = between(rng, 8, 24);
  return `<path d='M-5 ${y}q30 ${-swing} 62 0t68 0' fill='none' stroke='${colour}' stroke-width='${between(rng, 5, 13)}'/>`;
};

const motifs: readonly Motif[] = [circle, block, wave, hill, leaf, arch];
