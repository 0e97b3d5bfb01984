import type { Logger } from "../lib/logger.ts";
import type { Json, JsonScalar } from "../model/json.ts";
import type { Message } from "../model/message.ts";
import type { Command, Platform } from "../model/view.ts";
import { type CommandInput, parseInput, parseValue } from "./command-value.ts";
import type { IncomingMessage } from "./link-types.ts";
import { type Topics, topicFault } from "./topics.ts";

/** Something that a user may set on a gateway. */
export interface Control {
  readonly platform: Platform;
  readonly command: Command;
  /** Sets it and reads it back. @returns what the gateway says it is now. Rejects with one line that says why not. */
  set(value: JsonScalar): Promise<JsonScalar>;
}

/** Answers a request to the bridge itself; what it resolves to becomes `result`. */
export type Request = (argument: Json) => Promise<Json>;

export interface CommandPorts {
  readonly topics: Topics;
  readonly logger: Logger;
  /** `null`: no such control on that gateway, or not switched on in the configuration. */
  control(serial: string, name: string): Control | null;
  request(command: string): Request | null;
  reply(message: Message, correlationData: Buffer | null): void;
}

/** A command is a word or a number. */
const MOST_BYTES = 4_096;
/** Commands of one gateway that wait for their turn. */
const MOST_WAITING = 16;

/** Takes commands from the broker, one at a time per gateway, and answers each beside its topic, or where it asks (MQTT 5). */
export class Commands {
  readonly #ports: CommandPorts;
  readonly #queues: Map<string, { last: Promise<void>; waiting: number }> = new Map();

  constructor(ports: CommandPorts) {
    this.#ports = ports;
  }

  /** Returns at once; `false` where the topic is no command of ours. A retained command is old, and ignored. */
  receive(message: IncomingMessage): boolean {
    const topic = this.#ports.topics.parseCommand(message.topic);
    if (topic === null) return false;
    if (message.retain) {
      this.#ports.logger.debug({ topic: message.topic }, "A retained command is ignored: it is not from now.");
      return true;
    }
    const oversize = message.payload.length > MOST_BYTES;
    const input = oversize ? fault(`the payload is larger than ${MOST_BYTES} bytes`) : parseInput(message.payload);
    const resultTopic =
      topic.kind === "set" ? this.#ports.topics.setResult(topic.serial, topic.control) : this.#ports.topics.bridgeResponse(topic.command);
    const answer = (outcome: Readonly<Record<string, Json>>) => this.#answer(message, resultTopic, input, outcome);
    const perform = topic.kind === "set" ? () => this.#set(topic.serial, topic.control, input) : () => this.#request(topic.command, input);
    this.#inTurn(topic.kind === "set" ? topic.serial : "bridge", perform, answer);
    return true;
  }

  #inTurn(
    queue: string,
    perform: () => Promise<Readonly<Record<string, Json>>>,
    answer: (outcome: Readonly<Record<string, Json>>) => void,
  ): void {
    const turn = this.#queues.get(queue) ?? { last: Promise.resolve(), waiting: 0 };
    if (turn.waiting >= MOST_WAITING) {
      answer(refusal("too many commands are waiting: send it again later"));
      return;
    }
    turn.waiting += 1;
    this.#queues.set(queue, turn);
    turn.last = turn.last.then(async () => {
      answer(await perform().catch((error: unknown) => refusal(error instanceof Error ? error.message : String(error))));
      turn.waiting -= 1;
      if (turn.waiting === 0) this.#queues.delete(queue);
    });
  }

  async #set(serial: string, name: string, input: CommandInput): Promise<Readonly<Record<string, Json>>> {
    const requested = input.value;
    const control = this.#ports.control(serial, name);
    if (control === null)
      return refusal(`there is no control ${name} on ${serial}, or it is not switched on in the configuration`, requested);
    if (input.fault !== null) return refusal(input.fault, requested);
    const value = parseValue(requested, control.platform, control.command);
    if (value.fault !== null) return refusal(value.fault, requested);
    try {
      return { status: "ok", requested: value.value, applied: await control.set(value.value) };
    } catch (error) {
      return refusal(error instanceof Error ? error.message : String(error), requested);
    }
  }

  async #request(command: string, input: CommandInput): Promise<Readonly<Record<string, Json>>> {
    const request = this.#ports.request(command);
    if (request === null) return refusal(`there is no request ${command}`);
    if (input.fault !== null) return refusal(input.fault);
    return { status: "ok", result: await request(input.value) };
  }

  #answer(message: IncomingMessage, resultTopic: string, input: CommandInput, outcome: Readonly<Record<string, Json>>): void {
    const payload = JSON.stringify({ ...outcome, transaction: input.transaction });
    const topics = new Set([resultTopic, ...this.#asked(message)]);
    for (const topic of topics) {
      const reply: Message = { topic, payload, retain: false, qos: 1, expiry: null, json: true };
      this.#ports.reply(reply, topic === message.responseTopic ? message.correlationData : null);
    }
  }

  /** The answer's topic is chosen by whoever sends the command: not one that would be a command again. */
  #asked({ responseTopic }: IncomingMessage): readonly string[] {
    if (responseTopic === null || topicFault(responseTopic) !== null) return [];
    return this.#ports.topics.parseCommand(responseTopic) === null ? [responseTopic] : [];
  }
}

function fault(text: string): CommandInput {
  return { value: null, transaction: null, fault: text };
}

function refusal(error: string, requested: Json = null): Readonly<Record<string, Json>> {
  return { status: "error", requested, error: error.split("\n")[0]!.slice(0, 250) };
}
