import { expect, it } from "vitest";
import { releaseText } from "./release-text.ts";
import { entryOf } from "./sample-ledger.ts";

const entry = entryOf("13.0.7", 3, {
  contract: "1.2.0",
  platforms: { "linux/amd64": { digest: `sha256:${"a".repeat(64)}`, size: 1 } },
});
const reference = `ghcr.io/a/b@${entry.digest}`;

it("notes come first, and are not said twice", () => {
  const text = releaseText(entry, reference, "What is new.\n");
  expect(text).toMatch(/^What is new\.\n\n## Proof\n\n`ghcr\.io\/a\/b@sha256:/u);
  expect(text).not.toContain("docker pull");
});

it("without notes it says which image it is, and how to get it", () => {
  const text = releaseText(entry, reference, "");
  expect(text).toMatch(/^Prosody 13\.0\.7, image revision 3, contract 1\.2\.0 of `prosody`\.\n/u);
  expect(text).toContain("docker pull ghcr.io/a/b:13.0.7-r3\n");
  expect(text).toContain(`| linux/amd64 | \`sha256:${"a".repeat(64)}\` |`);
  expect(text).toContain("foundry verify-image ghcr.io/a/b:13.0.7-r3");
});
