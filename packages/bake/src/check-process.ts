import { z } from "zod";
import { type Finding, bad, good } from "./check-result.ts";

/** What `inspectionScript` prints. */
export const ProcessFacts = z.object({
  uid: z.string(),
  capabilities: z.string(),
  noNewPrivileges: z.string(),
  write: z.string(),
  shells: z.string(),
});
export type ProcessFacts = z.infer<typeof ProcessFacts>;

/** Lua that looks at process 1 from inside the container, where nothing else can be run. Prints `name=value` lines. */
export const inspectionScript = `
local status = {}
for line in io.lines("/proc/1/status") do
  local name, value = line:match("^(%w+):%s*(.*)$")
  if name then status[name] = value end
end
print("uid=" .. status.Uid:match("^%d+"))
print("capabilities=" .. status.CapEff .. " " .. status.CapBnd)
print("noNewPrivileges=" .. (status.NoNewPrivs or "?"))
local file, reason = io.open("/usr/lib/prosody-foundry/probe", "w")
if file then file:close() end
print("write=" .. (file and "possible" or reason))
local shells = {}
for _, folder in ipairs({ "/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/" }) do
  for _, name in ipairs({ "sh", "ash", "bash", "dash", "busybox", "zsh", "apt", "dpkg", "perl", "python3" }) do
    local found = io.open(folder .. name)
    if found then
      found:close()
      shells[#shells + 1] = folder .. name
    end
  end
end
print("shells=" .. table.concat(shells, " "))
`;

/** @throws ZodError when the script printed something else. */
export function parseFacts(output: string): ProcessFacts {
  const entries = output.split("\n").map((line) => line.split(/=(.*)/su));
  return ProcessFacts.parse(Object.fromEntries(entries));
}

export function judgeUser(facts: ProcessFacts): Finding {
  return facts.uid === "0" ? bad("the server runs as root") : good(`the server runs as user ${facts.uid}`);
}

/** Whether the server works although the root is read-only and it may nothing. */
export function judgeConfinement(facts: ProcessFacts): Finding {
  if (!facts.write.includes("Read-only file system")) return bad(`writing to the root: ${facts.write}`);
  if (/[^0 ]/u.test(facts.capabilities)) return bad(`the server has capabilities: ${facts.capabilities}`);
  if (facts.noNewPrivileges !== "1") return bad("the server may gain privileges");
  return good("root read-only, no capabilities, no new privileges");
}

/** Whether there is nothing to run but Lua; `started` is what came of starting /bin/sh. */
export function judgeShell(facts: ProcessFacts, started: { exitCode: number; stderr: string }): Finding {
  if (facts.shells !== "") return bad(`the image has ${facts.shells}`);
  if (started.exitCode === 127) return good("/bin/sh cannot be started, there is none");
  return bad(`/bin/sh ended with exit code ${started.exitCode}: ${started.stderr.trim()}`);
}
