import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { imageSteps } from "./image.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const isPossible = process.platform === "linux" && process.getuid?.() === 0;

const RUN = ({ user, directory, volume, entry, health }: Parameters<Parameters<typeof imageSteps>[1]>[0]) => `
environment+=(ENVOY2MQTT_HOST=127.0.0.1:9 ENVOY2MQTT_MQTT_EMBEDDED_PORT=0 ENVOY2MQTT_WEB_LISTEN=127.0.0.1:18099)
(as ${user} ${directory} ${entry} --version)
(as ${user} ${directory} id -u)
(as ${user} ${directory} sh -c 'touch dist/x /x /tmp/x 2>/dev/null || echo sealed')
(as ${user} ${directory} ${health}) || echo "unhealthy before the start"
(as ${user} ${directory} ${entry}) >"$images/log" 2>&1 &
bridge=$!
for _ in $(seq 100); do
  if (as ${user} ${directory} ${health}); then echo healthy; break; fi
  sleep 0.2
done
kill -TERM $bridge
code=0
wait $bridge || code=$?
echo "ended with $code"
ls "$root${volume}"
cat "$images/log"
`;

const title = "the steps of the Dockerfile make an image that runs as its user, writes only its volume, and whose health check sees it";

test(isPossible ? title : `not run, it needs root on Linux: ${title}`, async () => {
  if (!isPossible) return expect(process.env["CI"]).toBeUndefined();
  const folder = await mkdtemp(join(tmpdir(), "envoy2mqtt-image-"));
  try {
    await writeFile(join(folder, "steps"), imageSteps(await readFile(join(ROOT, "Dockerfile"), "utf8"), RUN));
    const { stdout } = await promisify(execFile)(join(ROOT, "test/processes/image.sh"), [join(folder, "steps"), process.execPath, ROOT], {
      timeout: 180_000,
    });
    const lines = stdout.split("\n");
    for (const said of ["65532", "sealed", "unhealthy before the start", "healthy", "ended with 0", "installation-id"])
      expect(lines).toContain(said);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+$/m);
    expect(stdout).toContain('"msg":');
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 0 });
  }
}, 240_000);
