import { expect, it } from "vitest";
import type { Signing } from "./settings.ts";
import { checkPattern, type TrustFlags, trustedSigner } from "./trust.ts";

const keyed: Signing = { kind: "key", publicKey: "images/cosign.pub" };
const keyless: Signing = { kind: "keyless", issuer: "https://issuer.example", identity: "https://a/.*" };
const github = "https://token.actions.githubusercontent.com";

it.each<[string, { signing: Signing; flags: TrustFlags }, object]>([
  ["the settings' key", { signing: keyed, flags: {} }, { kind: "key", publicKey: "/repository/images/cosign.pub" }],
  ["the settings' identity", { signing: keyless, flags: {} }, keyless],
  [
    "a key that was named",
    { signing: keyless, flags: { key: "/other.pub" } },
    { kind: "key", publicKey: "/other.pub" },
  ],
  ["an identity that was named", { signing: keyless, flags: { identity: "b" } }, { ...keyless, identity: "b" }],
  [
    "an issuer that was named",
    { signing: keyless, flags: { issuer: "https://c" } },
    { ...keyless, issuer: "https://c" },
  ],
  [
    "an identity at GitHub, in place of a key",
    { signing: keyed, flags: { identity: "b" } },
    { kind: "keyless", issuer: github, identity: "b" },
  ],
])("trusts %s", (_, { signing, flags }, trusted) => {
  expect(trustedSigner(signing, flags, "/repository")).toEqual(trusted);
});

it("refuses a key together with an identity", () => {
  expect(() => trustedSigner(keyless, { key: "a", identity: "b" }, "/")).toThrow(/contradict each other/u);
});

it("refuses an identity that is no pattern", () => {
  expect(() => trustedSigner(keyless, { identity: "(" }, "/")).toThrow(/--identity is no regular expression/u);
  expect(checkPattern("--builder-id", "a.*")).toBe("a.*");
});
