import { createHash } from "node:crypto";
import type { LocalUser } from "./ports.ts";

/** The realm of every gateway below firmware 7. */
export const REALM = "enphaseenergy.com";

/**
 * The credential for a gateway below firmware 7. `installer` (also where no user, or only an Enlighten
 * account's e-mail address is configured) has a password computed from the serial;
 * `envoy` without a password has the serial's last six characters; any other user has the configured one.
 */
export function localCredential(user: LocalUser, serial: string): LocalUser {
  const username = user.username === "" || user.username.includes("@") ? "installer" : user.username;
  if (username === "installer") return { username, password: installerPassword(serial) };
  if (username === "envoy" && user.password === "") return { username, password: serial.slice(-6) };
  return { username, password: user.password };
}

/** The password that the gateway computes for its `installer` user. */
export function installerPassword(serial: string, username = "installer", realm = REALM): string {
  const digits = md5(`[e]${username}@${realm}#${serial} EnPhAsE eNeRgY `);
  let zeros = count(digits, "0");
  let ones = count(digits, "1");
  let password = "";
  for (const digit of [...digits.slice(-8)].reverse()) {
    if (zeros === 3 || zeros === 6 || zeros === 9) zeros -= 1;
    zeros = clamp(zeros, 20);
    if (ones === 9 || ones === 15) ones -= 1;
    ones = clamp(ones, 26);
    password += replaced(digit, zeros, ones);
    if (digit === "0") zeros -= 1;
    if (digit === "1") ones -= 1;
  }
  return password;
}

function replaced(digit: string, zeros: number, ones: number): string {
  if (digit === "0") return after("f", zeros);
  if (digit === "1") return after("@", ones);
  return digit;
}

const after = (character: string, places: number) => String.fromCharCode(character.charCodeAt(0) + places);
const clamp = (value: number, most: number) => Math.min(most, Math.max(0, value));
const count = (text: string, digit: string) => text.split(digit).length - 1;

/** Lower-case hexadecimal MD5, which RFC 2617 asks for. */
export function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
