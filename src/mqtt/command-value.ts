import type { Json, JsonScalar } from "../model/json.ts";
import type { Command, Platform } from "../model/view.ts";

/** What a command's payload asks for. */
export interface CommandInput {
  readonly value: Json;
  /** Given back in the answer, so that a program finds its own. */
  readonly transaction: Json;
  /** Why it cannot be read, in one line. */
  readonly fault: string | null;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });
const LONGEST_TRANSACTION = 200;

/** Plain text, a JSON value, or a JSON object with `value` and `transaction`; another object is the value itself. */
export function parseInput(payload: Buffer): CommandInput {
  let text: string;
  try {
    text = UTF8.decode(payload).trim();
  } catch {
    return { value: null, transaction: null, fault: "the payload is not UTF-8 text" };
  }
  const json = parseJson(text);
  if (json === undefined) return { value: text, transaction: null, fault: null };
  if (typeof json !== "object" || json === null || Array.isArray(json)) return { value: json, transaction: null, fault: null };
  const { transaction = null, value, ...rest } = json as { readonly [key: string]: Json };
  const tooLong = JSON.stringify(transaction).length > LONGEST_TRANSACTION;
  if (tooLong) return { value: value ?? rest, transaction: null, fault: `transaction is longer than ${LONGEST_TRANSACTION} characters` };
  return { value: value ?? rest, transaction, fault: null };
}

export type ParsedValue = { readonly value: JsonScalar; readonly fault: null } | { readonly value: null; readonly fault: string };

/** Holds what was asked for against what the control takes. */
export function parseValue(asked: Json, platform: Platform, command: Command): ParsedValue {
  switch (platform) {
    case "number":
      return parseNumber(asked, command);
    case "switch":
      return parseSwitch(asked);
    case "select":
      return parseOption(asked, command.options ?? []);
    case "button":
      return { value: "PRESS", fault: null };
    default:
      return wrong("it cannot be set");
  }
}

function parseNumber(asked: Json, { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, step }: Command): ParsedValue {
  const value = typeof asked === "string" && asked.trim() !== "" ? Number(asked) : asked;
  if (typeof value !== "number" || !Number.isFinite(value)) return wrong("a number is needed");
  if (value < min || value > max) return wrong(`a number from ${min} to ${max} is needed`);
  if (step !== undefined) {
    const steps = (value - (Number.isFinite(min) ? min : 0)) / step;
    if (Math.abs(steps - Math.round(steps)) > 1e-9) return wrong(`a number in steps of ${step} is needed`);
  }
  return { value, fault: null };
}

function parseSwitch(asked: Json): ParsedValue {
  const word = typeof asked === "string" ? asked.toLowerCase() : asked;
  if (word === true || word === "on" || word === "true" || word === 1) return { value: true, fault: null };
  if (word === false || word === "off" || word === "false" || word === 0) return { value: false, fault: null };
  return wrong("ON or OFF is needed");
}

function parseOption(asked: Json, options: readonly string[]): ParsedValue {
  const found = options.find((option) => option === asked);
  return found === undefined ? wrong(`one of ${options.join(", ")} is needed`) : { value: found, fault: null };
}

function wrong(fault: string): ParsedValue {
  return { value: null, fault };
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
