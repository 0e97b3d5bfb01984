type Tree = { readonly [key: string]: unknown };

/** A tree that remembers which of its places were looked at. */
export interface Watched<T> {
  readonly tree: T;
  /** Places of single values, of nothing and of lists that nobody looked at. */
  unread(): readonly string[];
}

/** Watches who reads what of a tree of plain data. A list, or what is turned into text, counts as read as a whole. */
export function watchReads<T extends object>(tree: T): Watched<T> {
  const read = new Set<string>();
  const watched = (value: object, place: string): object =>
    new Proxy(value, {
      get(target, key) {
        const found: unknown = Reflect.get(target, key);
        if (typeof key !== "string") return found;
        const here = place === "" ? key : `${place}/${key}`;
        read.add(here);
        return isTree(found) ? watched(found, here) : found;
      },
    });
  return {
    tree: watched(tree, "") as T,
    unread: () => places(tree as Tree, "").filter((place) => !read.has(place)),
  };
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function places(tree: Tree, above: string): string[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const here = above === "" ? key : `${above}/${key}`;
    return isTree(value) && Object.keys(value).length > 0 ? places(value, here) : [here];
  });
}
