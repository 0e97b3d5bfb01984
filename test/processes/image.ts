/** The instructions of a Dockerfile, in their order; lines that go on are joined. */
export function instructions(dockerfile: string): readonly (readonly [name: string, rest: string])[] {
  return dockerfile
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1).trim()] as const);
}

/** What image.sh has to do to come to the same files, and then to `run` what is started. Throws at an instruction that it does not know. */
export function imageSteps(dockerfile: string, run: (program: ImageProgram) => string): string {
  const lines: string[] = [];
  const program = { directory: "/", user: "0:0", volume: "", entry: "", health: "" };
  const environment: string[] = [];
  for (const [name, rest] of instructions(dockerfile)) {
    if (name === "FROM") lines.push(`from ${/ AS (\w+)$/.exec(rest)?.[1] ?? "last"}`);
    else if (name === "WORKDIR") {
      program.directory = rest;
      lines.push(`mkdir -p "$root${rest}"`);
    } else if (name === "COPY") lines.push(copy(rest, program.directory));
    else if (name === "RUN") lines.push(`inside ${program.directory} sh -euc ${quoted(rest)}`);
    else if (name === "ENV") environment.push(...rest.split(/\s+/));
    else if (name === "USER") program.user = rest;
    else if (name === "VOLUME") program.volume = rest;
    else if (name === "HEALTHCHECK") program.health = command(/ CMD (.*)$/.exec(rest)?.[1] ?? "");
    else if (name === "ENTRYPOINT") program.entry = command(rest);
    else throw new Error(`${name} is not known here`);
  }
  lines.push(`environment=(${environment.map(quoted).join(" ")})`, `sealed ${program.volume}`, run(program));
  return `${lines.join("\n")}\n`;
}

/** What the image starts, as words of a shell. */
export interface ImageProgram {
  readonly directory: string;
  readonly user: string;
  readonly volume: string;
  readonly entry: string;
  readonly health: string;
}

function copy(rest: string, directory: string): string {
  const words = rest.split(/\s+/);
  const stage = /^--from=(\w+)$/.exec(words[0] ?? "")?.[1];
  const files = words.slice(stage === undefined ? 0 : 1, -1);
  const to = words.at(-1) as string;
  // A folder that is copied to a name is its content there.
  const target = `${directory}/${to.replace(/^\.\/?/, "")}`;
  const named = to.endsWith("/") || files.some((file) => file.endsWith(to.slice(to.lastIndexOf("/") + 1)));
  if (!named) throw new Error(`COPY ${rest}: only under the same name`);
  return `copied ${quoted(stage ?? "")} ${quoted(to.endsWith("/") ? target : target.slice(0, target.lastIndexOf("/")))} ${files.map(quoted).join(" ")}`;
}

function command(json: string): string {
  return (JSON.parse(json) as readonly string[]).map(quoted).join(" ");
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
