import { startEmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";

// The embedded broker as a process of its own, which can be killed and frozen: `node aedes-program.ts PORT`.
const broker = await startEmbeddedBroker(Number(process.argv[2]));
process.once("SIGTERM", () => void broker.close().then(() => process.exit(0)));
