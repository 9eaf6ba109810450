import { readFileSync } from "node:fs";
import path from "node:path";
import { readSettings } from "@prosody-foundry/release";
import { expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../../..");

it.each(["README.md", "images/prosody/README.md"])(
  "%s tells users to trust the signer that images/publish.json names",
  async (file) => {
    const { signing, source } = await readSettings(root);
    if (signing.kind !== "keyless") throw new Error("the README explains keyless signing");
    const text = readFileSync(path.join(root, file), "utf8");
    const commands = text
      .split("cosign verify ")
      .slice(1)
      .filter((part) => part.includes("--certificate"));
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) {
      expect(command).toContain(`--certificate-oidc-issuer ${signing.issuer} `);
      expect(command).toContain(`--certificate-identity-regexp '^${signing.identity}$'`);
    }
    expect(source).toMatch(/^https:\/\/github\.com\/[^/]+\/[^/]+$/u);
  },
);
