import type { LeftOut } from '../model/profile.js';
import { decayBetween, leftOutReasons, nothingLeftOut, ProfileView } from '../store/codec.js';
import { popularityUnit } from './popularity.js';
import type { ProfileWriter } from './profilewriter.js';

/** What a batch reports of its users, read from their profiles, whether they are new or were taken over. */
export interface Counts {
  /** Of each user with interests, how many. */
  readonly interestCounts: readonly number[];
  /** Users with at least one interest action of any age. */
  readonly active: number;
  readonly leftOut: LeftOut;
}

const ofRole = leftOutReasons.indexOf('role');

/** Sums up profiles: the counts of a chunk, and the popularity of items. */
export class Tally {
  private readonly asOf: number;
  private readonly lambda: number;
  private readonly writer: ProfileWriter;
  private readonly profile = new ProfileView();
  private interestCounts: number[] = [];
  private active = 0;
  /** By the place of the reason among `leftOutReasons`. */
  private readonly leftOut = new Float64Array(leftOutReasons.length);

  /** `writer`: whose popularity sums are added to. */
  constructor(asOf: number, lambda: number, writer: ProfileWriter) {
    this.asOf = asOf;
    this.lambda = lambda;
    this.writer = writer;
  }

  /** A profile, from `start` on, in the view that `add` takes, until the next one; null where an older version wrote it. */
  view(bytes: DataView, start = 0): ProfileView | null {
    return this.profile.set(bytes, start) ? this.profile : null;
  }

  /** Returns how many interests there are. */
  add(profile: ProfileView): number {
    const { interests } = profile;
    let others = 0;
    for (let reason = 0; reason < this.leftOut.length; reason++) {
      const count = profile.leftOut(reason);
      this.leftOut[reason] += count;
      if (reason !== ofRole) others += count;
    }
    if (interests > 0) this.interestCounts.push(interests);
    if (interests + others > 0) this.active++;
    const factor = decayBetween(profile.weighedAt, this.asOf, this.lambda) / popularityUnit;
    if (interests > 0) this.writer.addMembers(profile, factor);
    return interests;
  }

  /** What was added since this was last called. */
  take(): Counts {
    this.writer.flush();
    const { interestCounts, active } = this;
    const leftOut = { ...nothingLeftOut };
    leftOutReasons.forEach((reason, i) => {
      leftOut[reason] = this.leftOut[i];
    });
    this.interestCounts = [];
    this.active = 0;
    this.leftOut.fill(0);
    return { interestCounts, active, leftOut };
  }
}
