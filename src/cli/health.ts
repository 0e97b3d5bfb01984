#!/usr/bin/env node
import { get } from "node:http";
import { isIP } from "node:net";
import { pathToFileURL } from "node:url";
import type { Config } from "../config/types.ts";
import { configOf } from "./world.ts";

/**
 * Asks `/healthz` of a bridge on this machine. Resolves to 0 where it is well, else 1. With the page switched off there is nothing
 * to ask, and the process being there has to do.
 */
export function askHealth(listen: Config["web"]["listen"]): Promise<0 | 1> {
  if (listen === null) return Promise.resolve(0);
  const everywhere = listen.host === "0.0.0.0" || listen.host === "::";
  const host = everywhere ? "127.0.0.1" : listen.host;
  return new Promise((resolve) => {
    const name = isIP(host) === 6 ? `[${host}]` : "localhost";
    const request = get(
      { host, port: listen.port, path: "/healthz", timeout: 4_000, headers: { host: name }, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200 ? 0 : 1);
      },
    );
    request.on("timeout", () => request.destroy()).on("error", () => resolve(1));
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await askHealth(configOf({}).web.listen);
}
