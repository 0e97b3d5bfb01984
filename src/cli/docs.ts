import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { renderEntities } from "../entities/docs.ts";

/** Writes `docs/entities.md`; with `--check` it only says whether it is up to date. */
const FILE = fileURLToPath(new URL("../../docs/entities.md", import.meta.url));

const rendered = renderEntities();
if (process.argv.includes("--check")) {
  const written = await readFile(FILE, "utf8").catch(() => "");
  if (written !== rendered) {
    console.error("docs/entities.md is not what the catalogue says: run `npm run docs`");
    process.exitCode = 1;
  }
} else {
  await writeFile(FILE, rendered);
}
