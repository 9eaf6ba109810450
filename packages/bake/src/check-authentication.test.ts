import { describe, expect, it } from "vitest";
import { findProblems, judgeWays, planWays } from "./check-authentication.ts";

const help = JSON.stringify([
  { name: "PROSODY_DOMAIN", type: "domain", example: "example.org" },
  {
    name: "PROSODY_AUTHENTICATION",
    type: "choice",
    choices: ["internal_hashed", "ldap", "http", "anonymous"],
    default: "internal_hashed",
  },
  { name: "PROSODY_LDAP_BASE", type: "text", needs: ["PROSODY_AUTHENTICATION=ldap"], example: "dc=example,dc=org" },
  { name: "PROSODY_LDAP_PASSWORD", type: "text", secret: true, needs: ["PROSODY_AUTHENTICATION=ldap"] },
  {
    name: "PROSODY_LDAP_TLS_CA",
    type: "file",
    needs: ["PROSODY_AUTHENTICATION=ldap"],
    example: "/etc/prosody/certs/ca.pem",
  },
  {
    name: "PROSODY_AUTH_HTTP_URL",
    type: "url",
    needs: ["PROSODY_AUTHENTICATION=http"],
    example: "https://example.org/check",
  },
]);
const all = ["mod_auth_internal_hashed", "mod_auth_ldap", "mod_auth_http", "mod_auth_anonymous", "mod_auth_insecure"];

describe("ways to authenticate", () => {
  it("are the choices beside the default, each with the examples that are no files", () => {
    expect(planWays(help, all)).toEqual([
      {
        name: "ldap",
        module: "mod_auth_ldap",
        env: { PROSODY_AUTHENTICATION: "ldap", PROSODY_LDAP_BASE: "dc=example,dc=org" },
      },
      {
        name: "http",
        module: "mod_auth_http",
        env: { PROSODY_AUTHENTICATION: "http", PROSODY_AUTH_HTTP_URL: "https://example.org/check" },
      },
      { name: "anonymous", module: "mod_auth_anonymous", env: { PROSODY_AUTHENTICATION: "anonymous" } },
    ]);
  });

  it.each([
    ["none of whose modules is there", ["mod_auth_internal_hashed", "mod_auth_insecure"], []],
    ["some of whose modules are there", ["mod_auth_http", "mod_auth_internal_hashed"], ["http"]],
  ])("are those of an image %s", (_, modules, names) => {
    expect(planWays(help, modules).map(({ name }) => name)).toEqual(names);
  });

  it("are none where an image has no such option", () => {
    expect(planWays("[]", all)).toEqual([]);
  });

  it("are well or not by the health of their servers", () => {
    const [ldap, http] = planWays(help, all);
    if (ldap === undefined || http === undefined) throw new Error("there are no ways");
    expect(judgeWays([])).toEqual({ ok: true, detail: "there is none beside the default" });
    const well = { way: ldap, problems: [] };
    expect(judgeWays([well])).toEqual({ ok: true, detail: "1 of 1 load when chosen: ldap" });
    const ill = { way: http, problems: ["mod_auth_http did not load.", "So there."] };
    expect(judgeWays([well, ill])).toEqual({
      ok: false,
      detail: "mod_auth_http: mod_auth_http did not load. So there.",
    });
  });
});

describe("the health of a server", () => {
  it("is what it says itself, warnings apart", () => {
    const warnings = [{ kind: "certificate", sentence: "Nobody trusts it." }];
    const said = (problems: unknown[]) => JSON.stringify({ healthy: false, state: "running", problems, warnings });
    expect(findProblems(said([]))).toEqual([]);
    expect(findProblems(said([{ kind: "modules", sentence: "It did not load." }]))).toEqual(["It did not load."]);
  });

  it("is unknown where it says nothing", () => {
    expect(() => findProblems("")).toThrow(SyntaxError);
  });
});
