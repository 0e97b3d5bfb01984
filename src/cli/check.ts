import { type ErrorCode, isBridgeError } from "../model/errors.ts";

/** One step of the set-up. */
export interface CheckStep {
  /** Such as `the gateway's certificate`. */
  readonly name: string;
  /** Names of steps without which this one makes no sense. */
  readonly needs?: readonly string[];
  /** Says what it found, in one line. Throws a `BridgeError` that says what is wrong. */
  run(signal: AbortSignal): Promise<string>;
}

/** What to do, by what is wrong. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  unreachable: "Is the address right, is it on, and is it on the same network as this machine?",
  timeout: "It is slow or stuck. Wait a minute; if it stays so, switch it off and on.",
  unauthorized:
    "The gateway does not accept this token or user. Take the token away so that a new one is got, or get one at https://entrez.enphaseenergy.com.",
  not_an_envoy: "Something else answers at this address. envoy2mqtt discover lists the gateways on this network.",
  not_json: "Something else answers at this address, or the gateway is starting. Wait a minute and check the host.",
  certificate:
    "If the gateway was replaced or updated, take its pin out of the state folder; else something stands between you and the gateway.",
  token_unreadable: "Copy the token again, whole: it begins with eyJ and has two dots.",
  token_expired: "Get a new token at https://entrez.enphaseenergy.com, or give username and password so that it is renewed by itself.",
  token_wrong_gateway: "Get a token for the serial number of this gateway.",
  token_refused: "Get a new token at https://entrez.enphaseenergy.com, or give username and password.",
  cloud_unreachable: "Can this machine reach the internet? A token that you paste works without it.",
  login_refused: "Check username and password at https://enlighten.enphaseenergy.com.",
  mfa: "This account has multi-factor authentication: get a token at https://entrez.enphaseenergy.com and give it as token.",
  no_access: "This account has no access to this gateway: use the account that the system is registered to.",
  login_budget: "There were too many logins; waiting protects the account from being locked.",
  wrong_gateway: "Change serial, or host.",
  no_credentials: "Give username and password of Enlighten, or a token.",
  no_production: "The gateway may be starting. Wait some minutes.",
  storage: "Check that the state folder is there and may be written.",
};

/** Walks the steps one after the other and prints a line or two for each. Gives back the exit code: 0 if all is well, 1 if not. */
export async function check(
  steps: readonly CheckStep[],
  print: (line: string) => void,
  signal: AbortSignal,
  stepTimeoutMs = 60_000,
): Promise<number> {
  const failed = new Set<string>();
  for (const { name, needs = [], run } of steps) {
    if (signal.aborted) return 1;
    const missing = needs.find((need) => failed.has(need));
    if (missing !== undefined) {
      failed.add(name);
      print(`  –   ${name}: not tried, since this failed: ${missing}`);
      continue;
    }
    try {
      print(`  ok  ${name}: ${await inTime(run, signal, stepTimeoutMs)}`);
    } catch (error) {
      failed.add(name);
      for (const line of trouble(name, error)) print(line);
    }
  }
  return failed.size === 0 ? 0 : 1;
}

async function inTime(run: CheckStep["run"], signal: AbortSignal, ms: number): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  const late = new Promise<never>((_, reject) => {
    limit.addEventListener("abort", () => reject(new Error(signal.aborted ? "stopped" : `no result after ${ms / 1000} s`)), { once: true });
  });
  return await Promise.race([run(limit), late]);
}

function trouble(name: string, error: unknown): readonly string[] {
  const message = error instanceof Error ? error.message : String(error);
  const advice = isBridgeError(error) ? ADVICE[error.code] : undefined;
  return [` WRONG ${name}: ${message}`, ...(advice === undefined ? [] : [`       ${advice}`])];
}
