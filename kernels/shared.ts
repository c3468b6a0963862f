// The module whose memory is given to it: memory that threads share (src/math/vectors.ts).
export * from './index';
export { gather } from './gather';
export { nearPairs } from './pairs';
export { addNoted, noteMembers, putColumns } from './profile';
