import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { runCommand } from "./run-command.ts";

const node = process.execPath;

describe("runCommand", () => {
  it("hands arguments over as they are, without a shell", async () => {
    const word = "a b; $(touch pwned) `x` \"'*";
    const { stdout } = await runCommand(node, ["-p", "process.argv[1]", word]);
    expect(stdout).toBe(`${word}\n`);
  });

  it("writes the input and reads both streams", async () => {
    const script = "process.stdin.pipe(process.stdout); console.error('beside')";
    expect(await runCommand(node, ["-e", script], { input: "text" })).toEqual({
      stdout: "text",
      stderr: "beside\n",
      exitCode: 0,
    });
  });

  it("tells every line while the program runs", async () => {
    const lines: string[] = [];
    await runCommand(node, ["-e", "console.log('one\\ntwo')"], { onLine: (line) => lines.push(line) });
    expect(lines).toEqual(["one", "two"]);
  });

  it("puts bytes that are no text into a file", async () => {
    const file = path.join(await mkdtemp(path.join(os.tmpdir(), "foundry-output-")), "bytes");
    const script = "process.stdout.write(Buffer.from([0, 255, 128, 10]))";
    expect(await runCommand(node, ["-e", script], { outputFile: file })).toMatchObject({ stdout: "", exitCode: 0 });
    expect([...(await readFile(file))]).toEqual([0, 255, 128, 10]);
    await rm(path.dirname(file), { recursive: true });
  });

  it("takes an exit code it was told to accept", async () => {
    expect((await runCommand(node, ["-e", "process.exit(3)"], { accept: [3] })).exitCode).toBe(3);
    expect((await runCommand(node, ["-e", "process.exit(9)"], { accept: "any" })).exitCode).toBe(9);
  });

  it.each([
    { what: "a missing program", command: "no-such-program-here", code: "COMMAND_MISSING", message: /not installed/u },
    {
      what: "a failing one",
      script: "console.error('why'); process.exit(3)",
      code: "COMMAND_FAILED",
      message: /3 exit code:\nwhy/u,
    },
    {
      what: "an exit code beside the accepted",
      script: "process.exit(4)",
      options: { accept: [3] },
      code: "COMMAND_FAILED",
      message: /4 exit/u,
    },
    {
      what: "one that hangs",
      script: "setInterval(() => {}, 1e6)",
      options: { timeout: 300 },
      code: "COMMAND_TIMED_OUT",
      message: /in time/u,
    },
    {
      what: "one that is killed",
      script: "process.kill(process.pid, 'SIGKILL')",
      code: "COMMAND_FAILED",
      message: /no exit code/u,
    },
  ])("refuses $what with a code", async ({ command = node, script = "", options, code, message }) => {
    await expect(runCommand(command, ["-e", script], options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
