/** Numbers from 0 to 1 that follow from a seed: the same seed gives the same row. */
export function seededRandom(seed: number): () => number {
  let state = Math.trunc(seed) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 to `count` - 1 that follows from a seed and an index, such as a day. */
export function pick(seed: number, index: number, count: number): number {
  return Math.floor(seededRandom(seed * 7919 + index * 104_729)() * count);
}
