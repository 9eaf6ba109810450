import { describe, expect, it } from "vitest";
import { planSetup } from "./setup-plan.ts";

const sources = [
  { uri: "http://m.example/debian", suite: "bookworm", components: ["main"], signedBy: undefined },
  { uri: "http://m.example/security", suite: "bookworm-security", components: ["main"], signedBy: undefined },
];

describe("planSetup", () => {
  it("lets only the engine come from trixie on an older Debian", () => {
    const plan = planSetup({ id: "debian", codename: "bookworm", version: 12 }, sources);
    expect(plan?.extraSources).toEqual([
      "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://m.example/debian trixie main",
    ]);
    expect(plan?.preferences).toMatch(/Package: \*\nPin: release n=trixie\nPin-Priority: 50\n/u);
    expect(plan?.preferences).toMatch(/Package: docker\.io [^\n]*\nPin: release n=trixie\nPin-Priority: 900\n/u);
  });

  it.each([
    ["debian", "trixie", 13],
    ["debian", "forky", 0],
    ["ubuntu", "noble", 24.04],
  ])("takes what %s %s itself has", (id, codename, version) => {
    const plan = planSetup({ id, codename, version }, sources);
    expect(plan).toMatchObject({ extraSources: [], preferences: "" });
    expect(plan?.packages).toEqual(expect.arrayContaining(["docker.io", "docker-buildx", "mmdebstrap"]));
  });

  it("leaves any other machine alone", () => {
    expect(planSetup({ id: "fedora", codename: "", version: 43 }, [])).toBeUndefined();
  });
});
