// What the module exports. Memory beyond `heapBase` belongs to the caller, who lays it out (src/math/kernel.ts).
export { chain } from './chain';
export { meansOf, offsets } from './medoid';
export { centred, meansChain } from './means';
export { link, measure, quantize } from './filter';
export { distances, weigh } from './distances';
export { dots } from './scan';
export { peak } from './peak';
export { centre, largest, pack } from './pack';

export function heapBase(): usize {
  return __heap_base;
}
