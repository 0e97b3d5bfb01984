import type { Session, SessionOptions } from "./ports.ts";

/** Keeps one gateway's session alive: performs what each state asks for and turns the outcome into the next event. */
export function createSession(_options: SessionOptions): Session {
  throw new Error("not yet");
}
