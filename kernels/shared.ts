// The module whose memory is given to it: memory that threads share (src/math/vectors.ts).
export { gather } from './gather';
export { dots } from './scan';
