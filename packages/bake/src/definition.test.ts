import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Release, Target } from "@prosody-foundry/images";
import { describe, expect, it } from "vitest";
import { bakeDefinition } from "./definition.ts";
import { debian, sampleTarget, tarball } from "./sample-target.ts";

function bakeable(name: string, release: Release): Parameters<typeof bakeDefinition>[0][number] {
  return {
    target: sampleTarget({ name, release }),
    context: `contexts/${name}`,
    layout: `made/${name}`,
    base: "docker-image://b",
  };
}

const first = "prosody-13-0-arm-v7";
const second = "prosody-0-12-arm-v7";

describe("bakeDefinition", () => {
  const definition = bakeDefinition([bakeable("prosody-13-0", tarball), bakeable("prosody-0-12", debian)]);

  it("bakes all parts at once, under names without dots and slashes", () => {
    expect(definition.group["default"]?.targets).toEqual([first, second]);
  });

  it("exports each as a reproducible OCI layout of its own, with full provenance", () => {
    expect(definition.target[first]).toMatchObject({
      output: ["type=oci,tar=false,rewrite-timestamp=true,oci-mediatypes=true,compression=gzip,dest=made/prosody-13-0"],
      attest: ["type=provenance,mode=max"],
      platforms: ["linux/arm/v7"],
      args: {
        SOURCE_DATE_EPOCH: "1789171200",
        ROOT_SNAPSHOT: "2026-09-12T00:00:00Z",
        DEV_SNAPSHOT: "2026-09-14T00:00:00Z",
        BUILD_SNAPSHOT: "2026-09-13T00:00:00Z",
      },
    });
  });

  it.each([
    { name: first, SERVER: "compiled", version: "13.0.7" },
    { name: second, SERVER: "debian", version: "0.12.3" },
  ])("makes the server of $name $SERVER, and labels it $version", ({ name, SERVER, version }) => {
    expect(definition.target[name]).toMatchObject({
      args: { SERVER },
      labels: { "org.opencontainers.image.version": version },
    });
  });

  it("doubles the sign that would begin an expression of bake's", () => {
    const words = { title: "A ${b}", description: "100% of %{c}, $5 {d}" };
    const { target } = bakeDefinition([{ ...bakeable("prosody-13-0", tarball), target: sampleTarget(words) }]);
    const label = (name: string): unknown => target[first]?.labels?.[`org.opencontainers.image.${name}`];
    expect(label("title")).toBe("A $${b}");
    expect(label("description")).toBe("100% of %%{c}, $5 {d}");
    expect(target[first]).toMatchObject({
      annotations: expect.arrayContaining(["manifest:org.opencontainers.image.title=A $${b}"]) as unknown,
    });
  });

  it("says in labels and in annotations of the manifest what follows from the inputs, and nothing of a commit or an id", () => {
    const labels = definition.target[first]?.labels ?? {};
    expect(labels).toEqual({
      "org.opencontainers.image.title": "Prosody",
      "org.opencontainers.image.description": "A server",
      "org.opencontainers.image.version": "13.0.7",
      "org.opencontainers.image.created": "2026-09-12T00:00:00Z",
      "org.opencontainers.image.url": "https://prosody.im/",
      "org.opencontainers.image.documentation": "https://prosody.im/doc",
      "org.opencontainers.image.vendor": "Prosody Foundry",
      "org.opencontainers.image.licenses": "MIT",
      "org.prosody-foundry.series": "13.0",
      "org.prosody-foundry.release": "13.0.7",
      "org.prosody-foundry.debian": "trixie",
      "org.prosody-foundry.modules": "",
    });
    const pairs = Object.entries(labels).filter(([name]) => name !== "org.prosody-foundry.modules");
    const annotations = pairs.map(([name, value]) => `manifest:${name}=${value}`);
    expect(definition.target[first]).toMatchObject({ annotations });
  });

  it("takes nothing from the cache when asked to", () => {
    const fresh = bakeDefinition([bakeable("prosody-13-0", tarball)], { noCache: true });
    expect(fresh.target[first]?.["no-cache"]).toBe(true);
    expect(definition.target[first]).not.toHaveProperty("no-cache");
  });

  it("never takes the last stage, which is named so in the Dockerfile, from the cache", async () => {
    expect(definition.target[first]).toMatchObject({ "no-cache-filter": ["image"] });
    const dockerfile = await readFile(path.resolve(import.meta.dirname, "../../../images/Dockerfile"), "utf8");
    expect(dockerfile.match(/^FROM .*$/gmu)?.at(-1)).toBe("FROM scratch AS image");
  });

  it("gives each part a place of its own in a store of build steps, and changes nothing else", () => {
    const store = { kind: "registry", repository: "host:5000/cache" } as const;
    const cached = bakeDefinition([bakeable("prosody-13-0", tarball)], { cache: store });
    expect(cached.target[first]).toEqual({
      ...definition.target[first],
      "cache-from": ["type=registry,ref=host:5000/cache:prosody-13-0-arm-v7"],
      "cache-to": [
        "type=registry,ref=host:5000/cache:prosody-13-0-arm-v7,mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true",
      ],
    });
  });

  it("refuses a target that is for more than one platform", () => {
    const both = bakeable("prosody-13-0", tarball);
    const target: Target = { ...both.target, platforms: ["linux/amd64", "linux/arm64"] };
    expect(() => bakeDefinition([{ ...both, target }])).toThrow("no part");
  });

  it("is a pure function", () => {
    const again = bakeDefinition([bakeable("prosody-13-0", tarball), bakeable("prosody-0-12", debian)]);
    expect(again).toEqual(definition);
  });
});
