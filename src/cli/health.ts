#!/usr/bin/env node
import { get } from "node:http";
import { isIP } from "node:net";
import { pathToFileURL } from "node:url";
import { parseListen } from "../config/forms.ts";

/**
 * Asks `/healthz` of a bridge on this machine. Resolves to 0 where it is well, else 1. `listen` as in `web.listen`; with the
 * page switched off there is nothing to ask, and the process being there has to do.
 */
export function askHealth(listen: string): Promise<0 | 1> {
  if (listen === "off") return Promise.resolve(0);
  const address = parseListen(listen);
  if (address === null) return Promise.resolve(1);
  const everywhere = address.host === "0.0.0.0" || address.host === "::";
  const host = everywhere ? "127.0.0.1" : address.host;
  return new Promise((resolve) => {
    const name = isIP(host) === 6 ? `[${host}]` : "localhost";
    const request = get(
      { host, port: address.port, path: "/healthz", timeout: 4_000, headers: { host: name }, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200 ? 0 : 1);
      },
    );
    request.on("timeout", () => request.destroy()).on("error", () => resolve(1));
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const listen = process.env["ENVOY2MQTT_WEB_LISTEN"] || "127.0.0.1:8097";
  process.exitCode = await askHealth(listen);
}
