import type { Metadata } from './item.js';

export interface User {
  /** 1 to 256 UTF-8 bytes, any characters. */
  readonly userId: string;
  /** For segments and filters; empty where only actions have named the user. */
  readonly attributes: Metadata;
}
