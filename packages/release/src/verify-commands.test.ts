import { expect, it } from "vitest";
import { commandLine, type CommandSubject, publicCommands } from "./verify-commands.ts";

const digest = `sha256:${"a".repeat(64)}`;
const subject: CommandSubject = {
  repository: "ghcr.io/a/b",
  digest,
  reference: "ghcr.io/a/b:latest",
  trusted: { kind: "keyless", issuer: "https://issuer.example", identity: String.raw`https://github\.com/a/b/.*` },
  platforms: [{ platform: "linux/amd64", digest: "sha256:b" }],
};

it("gives commands that a shell takes as they are", () => {
  const lines = publicCommands(subject).map(commandLine);
  expect(lines).toContain("crane digest ghcr.io/a/b:latest");
  expect(lines).toContain(
    String.raw`cosign verify --certificate-oidc-issuer https://issuer.example --certificate-identity-regexp '^(?:https://github\.com/a/b/.*)$' ` +
      `ghcr.io/a/b@${digest}`,
  );
  expect(lines).toContain(`docker buildx imagetools inspect ghcr.io/a/b@${digest} --format '{{json .SBOM}}'`);
  expect(lines).toContain("crane validate --remote ghcr.io/a/b@sha256:b");
  expect(commandLine({ title: "", program: "a", args: ["it's"] })).toBe(String.raw`a 'it'\''s'`);
});
