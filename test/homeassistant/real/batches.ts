/**
 * Puts `items` into as few groups as a simple walk finds, such that no two of a group share a mark. Recorded gateways were made anonymous, so some
 * share serials with one another, and one Home Assistant can have a device only once. No group has more than `most`: a Home Assistant that is told of
 * thousands of entities at once is deaf for half a minute.
 */
export function batches<T>(items: readonly T[], marks: (item: T) => Iterable<string>, most: number): readonly (readonly T[])[] {
  const groups: { readonly items: T[]; readonly marks: Set<string> }[] = [];
  for (const item of items) {
    const own = [...marks(item)];
    let group = groups.find((candidate) => candidate.items.length < most && own.every((mark) => !candidate.marks.has(mark)));
    if (group === undefined) {
      group = { items: [], marks: new Set() };
      groups.push(group);
    }
    group.items.push(item);
    for (const mark of own) group.marks.add(mark);
  }
  return groups.map((group) => group.items);
}
