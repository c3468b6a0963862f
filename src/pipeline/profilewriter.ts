import {
  createSharedKernel,
  createSharedMemory,
  pageBytes,
  type SharedExports,
  type SharedMemory,
} from '../math/kernel.js';
import { Places } from '../math/places.js';
import { InterestColumns } from '../model/columns.js';
import {
  mostBytes,
  type ProfileHead,
  ProfileMemory,
  type ProfileView,
  profileBytes,
  roundUp,
  writeHead,
  writeProfile,
} from '../store/codec.js';

/** A user with more is written without the kernel. */
const mostInterests = 4096;
const mostMembers = 16_384;

/** Members whose weights are added up at once. */
const mostNoted = 65_536;

/** Bytes of the columns by interest, then by member, in the order of kernels/profile.ts. */
const byInterest = [8, 8, 8, 4, 4, 4];
const byMember = [4, 4, 4];
const listBytes = 4 * (byInterest.length + byMember.length);

/** Where everything lies: what is before the first page ends is the kernel's own, popularity sums follow. */
function layOut(items: number) {
  const taken = new Places(pageBytes);
  const { take } = taken;
  return {
    sums: take(8 * items),
    list: take(listBytes),
    columns: [
      ...byInterest.map((bytes) => take(bytes * mostInterests)),
      ...byMember.map((bytes) => take(bytes * mostMembers)),
    ],
    out: take(roundUp(mostBytes(mostInterests, mostMembers))),
    noted: take(4 * mostNoted),
    units: take(8 * mostNoted),
    end: taken.end,
  };
}

/** Memory for a writer, which another thread can read the popularity sums of. */
export function createWriterMemory(items: number): SharedMemory {
  return createSharedMemory(layOut(items).end);
}

/** Per item, the decayed weight of all actions that were added, in units of `popularityUnit`. */
export function popularitySums({ buffer }: SharedMemory, items: number): Float64Array {
  return new Float64Array(buffer, layOut(items).sums, items);
}

/**
 * What: turns the interests of one user after another into the bytes of a profile, and sums up the popularity of items, both
 * in a kernel. Convention: gives what `encodeProfile` and `ProfileView.addMembers` give, to the last bit.
 * Time and memory: O(interests + members); 8 bytes an item and some 2 MiB.
 * Checked by: test/pipeline/profilewriter.test.ts.
 */
export class ProfileWriter {
  /** What is written. A user too large for the kernel has them grow, and later users are written without it as well. */
  readonly columns = new InterestColumns();
  readonly sums: Float64Array;
  private readonly kernel: SharedExports;
  private readonly memory: ProfileMemory;
  /** All of the memory that the last profile was written to. */
  view: DataView;
  private readonly own: DataView;
  private readonly at: ReturnType<typeof layOut>;
  /** Members that are written down and not added yet. */
  private noted = 0;

  /** `memory`: from `createWriterMemory`. */
  constructor(memory: SharedMemory, items: number) {
    const { buffer } = memory;
    this.at = layOut(items);
    const { list, columns } = this.at;
    this.kernel = createSharedKernel(memory);
    this.memory = new ProfileMemory(buffer);
    this.own = new DataView(buffer);
    this.view = this.own;
    this.sums = popularitySums(memory, items);
    new Uint32Array(buffer, list, columns.length).set(columns);
    const [ids, importances, lastActionAt, medoids, ends, sizes, members, weights, counts] = columns;
    Object.assign(this.columns, {
      ids: new Uint32Array(buffer, ids, 2 * mostInterests),
      importances: new Float64Array(buffer, importances, mostInterests),
      lastActionAt: new Float64Array(buffer, lastActionAt, mostInterests),
      medoids: new Uint32Array(buffer, medoids, mostInterests),
      ends: new Uint32Array(buffer, ends, mostInterests),
      sizes: new Uint32Array(buffer, sizes, mostInterests),
      members: new Uint32Array(buffer, members, mostMembers),
      weights: new Float32Array(buffer, weights, mostMembers),
      counts: new Uint32Array(buffer, counts, mostMembers),
    } satisfies Partial<InterestColumns>);
  }

  /** The bytes of a profile of the columns, which last until the next one is written. */
  write(head: ProfileHead): Uint8Array {
    const { columns, memory, at } = this;
    const { buffer } = memory.bytes;
    if (columns.ends.buffer !== buffer || columns.members.buffer !== buffer) return this.writeLarge(head);
    writeHead(memory, at.out, head, columns);
    this.view = this.own;
    const end = this.kernel.putColumns(at.list, columns.count, columns.memberCount, at.out);
    return memory.bytes.subarray(at.out, end);
  }

  private writeLarge(head: ProfileHead): Uint8Array {
    const length = profileBytes(this.columns);
    const memory = new ProfileMemory(new ArrayBuffer(roundUp(length)));
    writeProfile(memory, 0, head, this.columns);
    this.view = new DataView(memory.bytes.buffer);
    return memory.bytes.subarray(0, length);
  }

  /** Adds the members of a profile, times `factor`, to the sums: of one that was just written in the kernel not before `flush`. */
  addMembers(profile: ProfileView, factor: number): void {
    const { membersAt, members } = profile;
    if (profile.buffer !== this.sums.buffer) {
      profile.addMembers(this.sums, factor);
      return;
    }
    if (this.noted + members > mostNoted) this.flush();
    const { noted, units } = this.at;
    const weightsAt = membersAt + 4 * members;
    const [toItems, toUnits] = [noted + 4 * this.noted, units + 8 * this.noted];
    this.kernel.noteMembers(membersAt, weightsAt, members, factor, toItems, toUnits);
    this.noted += members;
  }

  /** Adds what waits to be added. */
  flush(): void {
    this.kernel.addNoted(this.at.noted, this.at.units, this.noted, this.at.sums);
    this.noted = 0;
  }
}
