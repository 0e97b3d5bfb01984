const LETTERS: { readonly [letter: string]: string } = { ß: "ss", æ: "ae", ø: "o", œ: "oe", ð: "d", þ: "th", đ: "d", ł: "l", ı: "i" };

/** Home Assistant's rule for entity ids: lower case, without accents, everything else `_`. */
export function slug(text: string): string {
  const plain = text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[ßæøœðþđłı]/g, (letter) => LETTERS[letter] ?? "")
    .replace(/['’]/g, "")
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  return plain === "" ? "unknown" : plain;
}

/** Lower-case `[a-z0-9_-]`: fit for a topic level and for a discovery id. */
export function safeId(text: string): string {
  const safe = text.toLowerCase().replace(/[^a-z0-9_-]+/g, "_");
  return safe === "" ? "_" : safe;
}

/** A safe id for each of `originals`; two that would become the same stay distinct. */
export function distinctIds(originals: Iterable<string>): ReadonlyMap<string, string> {
  const all = [...originals];
  // What is safe already keeps its id; the order of the others does not depend on the order in which the gateway lists them.
  const order = [...all.filter((text) => safeId(text) === text), ...all.filter((text) => safeId(text) !== text).sort()];
  const taken = new Set<string>();
  const ids = new Map<string, string>();
  for (const original of order) ids.set(original, take(safeId(original), "-", taken));
  return ids;
}

/** `wanted`, or with the first free number behind it; `taken` learns it. */
export function take(wanted: string, separator: string, taken: Set<string>): string {
  let id = wanted;
  for (let n = 2; taken.has(id); n++) id = `${wanted}${separator}${n}`;
  taken.add(id);
  return id;
}
