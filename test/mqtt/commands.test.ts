import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, JsonScalar } from "../../src/model/json.ts";
import type { Message } from "../../src/model/message.ts";
import { parseInput, parseValue } from "../../src/mqtt/command-value.ts";
import { Commands, type Control } from "../../src/mqtt/commands.ts";
import type { IncomingMessage } from "../../src/mqtt/link-types.ts";
import { remember, TOPICS } from "../support/bridge-link.ts";

const SET = "envoy2mqtt/122000000001/set/reserve_soc";
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function message(payload: string | Buffer, more: Partial<IncomingMessage> = {}): IncomingMessage {
  return { topic: SET, payload: Buffer.from(payload), retain: false, responseTopic: null, correlationData: null, ...more };
}

function bench(set: (value: JsonScalar) => Promise<JsonScalar> = async (value) => value) {
  const replies: { message: Message; correlation: Buffer | null }[] = [];
  const control: Control = { platform: "number", command: { control: "reserve_soc", min: 0, max: 100, step: 1 }, set };
  const log = remember();
  const commands = new Commands({
    topics: TOPICS,
    logger: log,
    control: (serial, name) => (serial === "122000000001" && name === "reserve_soc" ? control : null),
    request: (command) =>
      command === "echo" ? async (argument: Json) => argument : command === "fail" ? () => Promise.reject(new Error("no\nway")) : null,
    reply: (reply, correlation) => void replies.push({ message: reply, correlation }),
  });
  const ask = async (incoming: IncomingMessage) => {
    const taken = commands.receive(incoming);
    for (let count = 0; count < 3; count++) await turn();
    return taken;
  };
  const last = () => JSON.parse(replies.at(-1)!.message.payload);
  return { commands, replies, ask, last, log };
}

describe("a control", () => {
  test.each<[string, Json]>([
    ["20", 20],
    [" 20 ", 20],
    ['"20"', 20],
    ['{"value":20,"transaction":"t1"}', 20],
  ])("%s is set, read back and answered", async (payload, value) => {
    const { ask, replies, last } = bench(async (asked) => Number(asked) + 1);
    expect(await ask(message(payload))).toBe(true);
    expect(last()).toEqual({ status: "ok", requested: value, applied: 21, transaction: payload.includes("t1") ? "t1" : null });
    expect(replies[0]!.message).toMatchObject({ topic: `${SET}/result`, retain: false, qos: 1, json: true });
  });

  test.each([
    ["101", /a number from 0 to 100/],
    ["1.5", /steps of 1/],
    ["lots", /a number is needed/],
    ["", /a number is needed/],
    ["null", /a number is needed/],
    ["[1]", /a number is needed/],
    ['{"a":1}', /a number is needed/],
    ["x".repeat(5_000), /larger than 4096 bytes/],
    [Buffer.from([0xff, 0xfe]), /not UTF-8/],
    [JSON.stringify({ value: 1, transaction: "x".repeat(300) }), /transaction is longer/],
  ])("%# is refused with a reason", async (payload, reason) => {
    const { ask, last } = bench(() => Promise.reject(new Error("must not be asked")));
    await ask(message(payload));
    expect(last()).toMatchObject({ status: "error", error: expect.stringMatching(reason) });
  });

  test("one that is not there or not switched on", async () => {
    const { ask, last } = bench();
    await ask(message("1", { topic: "envoy2mqtt/122000000001/set/other" }));
    expect(last().error).toMatch(/no control other on 122000000001, or it is not switched on/);
  });

  test("the gateway's refusal is the answer", async () => {
    const { ask, last } = bench(() => Promise.reject(new Error("the gateway is away")));
    await ask(message("1"));
    expect(last()).toMatchObject({ status: "error", requested: 1, error: "the gateway is away" });
    const odd = bench(() => Promise.reject("odd"));
    await odd.ask(message("1"));
    expect(odd.last().error).toBe("odd");
  });

  test("a retained command is old and ignored", async () => {
    const { ask, replies, log } = bench();
    expect(await ask(message("20", { retain: true }))).toBe(true);
    expect(replies).toEqual([]);
    expect(log.said(/retained command is ignored/)).toHaveLength(1);
  });

  test("another topic is none of ours", async () => {
    const { ask } = bench();
    expect(await ask(message("20", { topic: "elsewhere" }))).toBe(false);
  });

  test("one at a time, and no more than sixteen wait", async () => {
    const running: (() => void)[] = [];
    const { commands, replies, last } = bench((value) => new Promise((resolve) => running.push(() => resolve(value))));
    for (let count = 0; count < 17; count++) commands.receive(message(String(count)));
    for (let count = 0; count < 3; count++) await turn();
    expect(running).toHaveLength(1);
    expect(last().error).toMatch(/too many commands/);
    for (let count = 0; count < 16; count++) {
      running[count]!();
      for (let turns = 0; turns < 3; turns++) await turn();
    }
    expect(replies.slice(1).map((reply) => JSON.parse(reply.message.payload).applied)).toEqual([...Array(16).keys()]);
  });
});

describe("an answer", () => {
  test("goes where MQTT 5 asks, too, with the correlation data", async () => {
    const { ask, replies } = bench();
    const correlationData = Buffer.from([1, 2]);
    await ask(message("20", { responseTopic: "node-red/answers", correlationData }));
    expect(replies.map((reply) => [reply.message.topic, reply.correlation])).toEqual([
      [`${SET}/result`, null],
      ["node-red/answers", correlationData],
    ]);
  });

  test.each(["a/#", SET, "envoy2mqtt/bridge/request/restart"])("does not go to %s", async (responseTopic) => {
    const { ask, replies } = bench();
    await ask(message("20", { responseTopic }));
    expect(replies).toHaveLength(1);
  });
});

describe("a request to the bridge", () => {
  const request = (command: string) => `envoy2mqtt/bridge/request/${command}`;

  test("is answered", async () => {
    const { ask, last, replies } = bench();
    await ask(message('{"a":1,"transaction":7}', { topic: request("echo") }));
    expect(last()).toEqual({ status: "ok", result: { a: 1 }, transaction: 7 });
    expect(replies[0]!.message.topic).toBe("envoy2mqtt/bridge/response/echo");
  });

  test("that fails or does not exist says so in one line", async () => {
    const { ask, last } = bench();
    await ask(message("", { topic: request("fail") }));
    expect(last()).toMatchObject({ status: "error", error: "no" });
    await ask(message("", { topic: request("dance") }));
    expect(last()).toMatchObject({ status: "error", error: "there is no request dance" });
    await ask(message(Buffer.from([0xff]), { topic: request("echo") }));
    expect(last()).toMatchObject({ status: "error", error: "the payload is not UTF-8 text" });
  });
});

describe("values", () => {
  test.each<[Json, JsonScalar]>([
    ["ON", true],
    ["off", false],
    [true, true],
    ["false", false],
    [1, true],
    [0, false],
  ])("switch %j", (asked, value) => expect(parseValue(asked, "switch", { control: "c" })).toEqual({ value, fault: null }));

  test("a switch, a select and a button know what they take", () => {
    const select = { control: "mode", options: ["economy", "backup"] };
    expect(parseValue("maybe", "switch", { control: "c" }).fault).toBe("ON or OFF is needed");
    expect(parseValue("backup", "select", select)).toEqual({ value: "backup", fault: null });
    expect(parseValue("other", "select", select).fault).toBe("one of economy, backup is needed");
    expect(parseValue("x", "select", { control: "c" }).fault).not.toBeNull();
    expect(parseValue("anything", "button", { control: "c" })).toEqual({ value: "PRESS", fault: null });
    expect(parseValue("x", "sensor", { control: "c" }).fault).toBe("it cannot be set");
    expect(parseValue(5.5, "number", { control: "c", step: 0.1 })).toEqual({ value: 5.5, fault: null });
  });

  test("whatever comes is read or refused in one line, and never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom("number", "switch", "select", "button", "event"), (bytes, platform) => {
        const input = parseInput(Buffer.from(bytes));
        const value = parseValue(input.value, platform, { control: "c", min: 0, max: 10, options: ["a"] });
        expect(value.fault ?? "").not.toContain("\n");
        if (platform === "number" && value.fault === null) expect(value.value).toSatisfy((n: number) => n >= 0 && n <= 10);
      }),
    );
  });
});
