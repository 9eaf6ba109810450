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

  it("takes an exit code it was told to accept", async () => {
    expect((await runCommand(node, ["-e", "process.exit(3)"], { accept: [3] })).exitCode).toBe(3);
    expect((await runCommand(node, ["-e", "process.exit(9)"], { accept: "any" })).exitCode).toBe(9);
  });

  it.each([
    ["a missing program", "no-such-program-here", [], {}, "COMMAND_MISSING", /not installed/u],
    ["a failing one", node, ["-e", "console.error('why'); process.exit(3)"], {}, "COMMAND_FAILED", /3 exit code:\nwhy/u],
    ["an exit code beside the accepted", node, ["-e", "process.exit(4)"], { accept: [3] }, "COMMAND_FAILED", /4 exit/u],
    ["one that hangs", node, ["-e", "setInterval(() => {}, 1e6)"], { timeout: 300 }, "COMMAND_TIMED_OUT", /in time/u],
    ["one that is killed", node, ["-e", "process.kill(process.pid, 'SIGKILL')"], {}, "COMMAND_FAILED", /no exit code/u],
  ])("refuses %s with a code", async (_name, command, args, options, code, message) => {
    await expect(runCommand(command, args, options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
