import { describe, expect, test } from "vitest";
import { helpText, parseCommandLine } from "../../src/cli/args.ts";
import { argumentNames } from "../../src/config/sources.ts";

describe("the command line", () => {
  test.each([
    [[], { command: "run", settings: {}, seconds: null, output: null }],
    [
      ["run", "--host", "envoy.local", "--mqtt-url=mqtt://x"],
      { command: "run", settings: { host: "envoy.local", "mqtt-url": "mqtt://x" }, seconds: null, output: null },
    ],
    [["--config", "a.yaml", "check"], { command: "check", settings: { config: "a.yaml" }, seconds: null, output: null }],
    [["demo", "--seconds", "20"], { command: "demo", settings: {}, seconds: 20, output: null }],
    [["record", "--output", "x.json"], { command: "record", settings: {}, seconds: null, output: "x.json" }],
    [["--help"], { command: "help", settings: {}, seconds: null, output: null }],
    [["discover", "-h"], { command: "help", settings: {}, seconds: null, output: null }],
    [["-v"], { command: "version", settings: {}, seconds: null, output: null }],
    [["--password-file", "/run/x"], { command: "run", settings: { "password-file": "/run/x" }, seconds: null, output: null }],
  ])("%j", (argv, expected) => {
    expect(parseCommandLine(argv)).toEqual(expected);
  });

  test.each([
    [["chekc"], "chekc is not a known command; did you mean check?; envoy2mqtt --help lists them"],
    [["everything"], "everything is not a known command; envoy2mqtt --help lists them"],
    [["run", "demo"], "demo is more than one command"],
    [["--hots", "x"], "--hots is not a known argument; did you mean --host?"],
    [["-x"], "-x is not a known argument; did you mean --tls?"],
    [["--token", "abc"], "--token is not a known argument: others could read it; use --token-file, the file or a variable"],
    [["--host"], "--host needs a value"],
    [["--host", "--config", "x"], "--host needs a value"],
    [["--host", "a", "--host", "b"], "--host stands there twice"],
    [["--seconds", "5"], "--seconds is only for demo and discover"],
    [["demo", "--output", "x"], "--output is only for record"],
    [["demo", "--seconds", "soon"], "--seconds must be a number of seconds above 0"],
    [["demo", "--seconds", "0"], "--seconds must be a number of seconds above 0"],
    [["demo", "--seconds", ""], "--seconds must be a number of seconds above 0"],
  ])("%j is wrong", (argv, line) => {
    expect(() => parseCommandLine(argv)).toThrow(
      expect.objectContaining({
        code: "config",
        message: line.includes("did you mean --tls") ? expect.stringMatching(/^-x is not a known argument/) : line,
      }),
    );
  });

  test("the help has every command and argument", () => {
    const help = helpText("1.2.3");
    for (const word of ["1.2.3", "run", "demo", "check", "discover", "record", "--version", ...argumentNames().map((name) => `--${name} `)])
      expect(help).toContain(word);
  });
});
