import { readFile } from "node:fs/promises";
import { type Firmware, parseFirmware } from "../model/firmware.ts";
import { type Answer, type GatewayContent, json } from "./content.ts";

/** What a gateway once answered: `recordings/<name>.json`. Keys are `GET /path?query`. */
export interface RecordingFile {
  readonly name: string;
  readonly responses: Readonly<Record<string, { readonly status: number; readonly content_type: string; readonly body: string }>>;
}

/** A recorded gateway that can be played. */
export interface Recording extends GatewayContent {
  readonly name: string;
  readonly file: RecordingFile;
}

/** Reads a recording. Throws where the file is missing or is none. */
export async function loadRecording(path: string): Promise<Recording> {
  const file: unknown = JSON.parse(await readFile(path, "utf8"));
  if (typeof file !== "object" || file === null || !("name" in file && "responses" in file)) throw new Error(`${path} is not a recording`);
  return playRecording(file as RecordingFile);
}

/**
 * Plays a recording: exactly what was recorded, 404 for the rest. A write to a path that was recorded is answered with its own body.
 * `/info` names the serial and firmware that the simulated gateway has at the time.
 */
export function playRecording(file: RecordingFile): Recording {
  const info = file.responses["GET /info"]?.body ?? "";
  return {
    name: file.name,
    file,
    serial: /<sn>\s*([^<\s]*)\s*<\/sn>/.exec(info)?.[1] ?? "",
    firmware: parseFirmware(/<software>([^<]*)<\/software>/.exec(info)?.[1] ?? "").text,
    answer(request, gateway): Answer | null {
      const recorded = file.responses[`${request.method} ${request.path}`];
      if (recorded === undefined) return request.method === "GET" ? null : echo(file, request);
      const body = request.path === "/info" ? nameGateway(recorded.body, gateway.serial, gateway.firmware) : recorded.body;
      return { status: recorded.status, contentType: recorded.content_type, body };
    },
  };
}

function echo(file: RecordingFile, request: { readonly path: string; readonly body: string }): Answer | null {
  if (file.responses[`GET ${request.path}`] === undefined) return null;
  try {
    return json(JSON.parse(request.body));
  } catch {
    return { ...json({ error: "400 - Bad Request" }), status: 400 };
  }
}

function nameGateway(info: string, serial: string, firmware: Firmware): string {
  return info
    .replace(/<sn>[^<]*<\/sn>/, `<sn>${serial}</sn>`)
    .replace(/<software>(\s*[A-Za-z]?)[^<]*<\/software>/, (_, letter: string) => `<software>${letter}${firmware.text}</software>`);
}
