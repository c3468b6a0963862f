// Draws docs/picture.svg: one user's actions in a plane, once with their average, once with the medoids of their clusters.
// Everything shown is computed here by the package itself from a seeded plane of items.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createRng, cut, medoids, ward } from '../dist/core.js';

const rng = createRng(11);
const topics = [
  { name: 'sourdough', x: 95, y: 80, actions: 9, color: '#b45309' },
  { name: 'trail running', x: 300, y: 70, actions: 6, color: '#15803d' },
  { name: 'mid-century lamps', x: 235, y: 235, actions: 4, color: '#7c3aed' },
];
const scatter = (topic, spread) => ({
  x: topic.x + spread * rng.normal(),
  y: topic.y + spread * rng.normal(),
});
const acted = topics.flatMap((topic) => Array.from({ length: topic.actions }, () => scatter(topic, 14)));
const others = [
  ...topics.flatMap((topic) => Array.from({ length: 30 }, () => scatter(topic, 24))),
  ...Array.from({ length: 70 }, () => ({ x: 20 + 350 * rng.uniform(), y: 20 + 270 * rng.uniform() })),
].filter(({ x, y }) => x > 8 && x < 382 && y > 8 && y < 302);

const points = Float32Array.from(acted.flatMap(({ x, y }) => [x, y]));
const shape = { n: acted.length, dim: 2 };
const flat = cut(ward(points, shape), 20_000);
const centers = [...medoids(points, shape, flat)].map((i) => acted[i]);
const mean = {
  x: acted.reduce((sum, p) => sum + p.x, 0) / acted.length,
  y: acted.reduce((sum, p) => sum + p.y, 0) / acted.length,
};

const dot = ({ x, y }, r, attributes) =>
  `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${r}" ${attributes}/>`;
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
const nearest = (center, count) =>
  [...others].sort((a, b) => distance(a, center) - distance(b, center)).slice(0, count);

function panel(left, title, queries, perQuery) {
  const found = new Set(queries.flatMap((query) => nearest(query, perQuery)));
  const star = ({ x, y }) =>
    `<path d="M${x - 8} ${y}H${x + 8}M${x} ${y - 8}V${y + 8}" stroke="#dc2626" stroke-width="3.5" stroke-linecap="round"/>`;
  return `<g transform="translate(${left} 40)">
<rect x="0" y="0" width="390" height="310" rx="10" fill="#fff" stroke="#d4d4d8"/>
<text x="16" y="-12" font-size="16" font-weight="600" fill="#18181b">${title}</text>
${others.map((p) => dot(p, 3.2, found.has(p) ? 'fill="#dc2626" fill-opacity="0.75"' : 'fill="#d4d4d8"')).join('\n')}
${acted.map((p) => dot(p, 5, 'fill="none" stroke="#18181b" stroke-width="1.8"')).join('\n')}
${topics.map((t) => `<text x="${t.x}" y="${t.y + 58}" text-anchor="middle" font-size="13" fill="${t.color}">${t.name}</text>`).join('\n')}
${queries.map(star).join('\n')}
</g>`;
}

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 400" font-family="system-ui, sans-serif" role="img" aria-label="One average vector lands between a user's interests; several medoids land on them">
<rect width="840" height="400" fill="#fafafa"/>
${panel(20, 'One average: between the interests', [mean], 36)}
${panel(430, `PinnerSage: ${centers.length} medoids, one per interest`, centers, 12)}
<text x="420" y="385" text-anchor="middle" font-size="13" fill="#52525b">circles: what the user acted on · red crosses: query vectors · red dots: the 36 candidates they find</text>
</svg>
`;
writeFileSync(fileURLToPath(new URL('../docs/picture.svg', import.meta.url)), svg);
