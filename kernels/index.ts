// What the module exports. Memory beyond `heapBase` belongs to the caller, who lays it out (src/cluster/layout.ts).
export { weighActions } from './actions';
export { centre, largest, normsOf, shareOfMean, shift } from './centre';
export { distances } from './distances';
export { energyOf, link, quantize } from './filter';
export { apart, lead, roundRows } from './leaders';
export { meansOf, offsets } from './medoid';
export { pack } from './pack';
export { matrixOf, mergeParts, mergeRows, place } from './parts';
export { peak } from './peak';
export { rankSums } from './rank';
export { dots, squaredDistances } from './scan';

export function heapBase(): usize {
  return __heap_base;
}
export { readPoints } from './points';
