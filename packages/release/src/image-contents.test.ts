import { describe, expect, it } from "vitest";
import { compareContents } from "./contents-change.ts";
import { contentsOf } from "./image-contents.ts";

const node = "cc665f343690e2e4b8bd5ff8b3e83c1a3e1f7a55";
const purl = (referenceLocator: string) => ({ referenceType: "purl", referenceLocator });
const sbom = (version = "5.4.7-1") => ({
  spdxVersion: "SPDX-2.3",
  packages: [
    { name: "prosody-foundry/prosody", versionInfo: "13.0.7-r1" },
    { name: "prosody", versionInfo: "13.0.7", externalRefs: [purl("pkg:generic/prosody@13.0.7")] },
    { name: "liblua5.4-0", externalRefs: [purl(`pkg:deb/debian/liblua5.4-0@${version}?arch=amd64&distro=trixie`)] },
    { name: "libstdc++6", externalRefs: [purl("pkg:deb/debian/libstdc%2B%2B6@14.2.0-19%2Bb1?arch=amd64")] },
    { name: "mod_firewall", versionInfo: node, downloadLocation: "hg+https://hg.prosody.im/prosody-modules/" },
    { name: "mod_x", versionInfo: "1.0" },
  ],
});
const manifest = (...sizes: number[]) => ({
  layers: sizes.map((size) => ({ digest: `sha256:${size}`, size, mediaType: "x" })),
});

const read = (version: string, ...sizes: number[]) =>
  contentsOf({ "linux/amd64": { sbom: sbom(version), manifest: manifest(...sizes) } }, "an image");

describe("the contents of an image", () => {
  it("are Prosody, the modules, the packages and the sizes out of SBOM and manifest", () => {
    const contents = contentsOf({ "linux/amd64": { sbom: sbom(), manifest: manifest(100, 20) } }, "an image");
    expect(contents).toEqual({
      release: "13.0.7",
      modules: { mod_firewall: { node, source: "hg+https://hg.prosody.im/prosody-modules/" } },
      packages: { "liblua5.4-0": "5.4.7-1", "libstdc++6": "14.2.0-19+b1" },
      platforms: {
        "linux/amd64": {
          size: 120,
          layers: [
            { digest: "sha256:100", size: 100, mediaType: "x" },
            { digest: "sha256:20", size: 20, mediaType: "x" },
          ],
        },
      },
    });
  });

  it("have the version of the first platform where Debian rebuilt one", () => {
    const documents = {
      "linux/arm64": { sbom: sbom("5.4.7-1+b2"), manifest: manifest(1) },
      "linux/amd64": { sbom: sbom(), manifest: manifest(1) },
    };
    expect(contentsOf(documents, "an image").packages["liblua5.4-0"]).toBe("5.4.7-1");
  });

  it.each([
    ["no SPDX", { sbom: { packages: "all" }, manifest: manifest(1) }, /SBOM of an image: packages/u],
    ["no manifest", { sbom: sbom(), manifest: {} }, /Manifest of an image: layers/u],
    ["no Prosody in it", { sbom: { packages: [] }, manifest: manifest(1) }, /names no Prosody/u],
  ])("are refused with %s", (_, documents, says) => {
    expect(() => contentsOf({ "linux/amd64": documents }, "an image")).toThrow(says);
  });
});

describe("the change of contents", () => {
  it("is what came, went and moved, and the bytes of layers that were not there", () => {
    const [before, after] = [read("5.4.7-1", 100, 20), read("5.4.7-2", 100, 30)];
    const { mod_firewall: moved } = before.modules;
    if (moved === undefined) throw new Error("no module");
    const old = { ...before, modules: { mod_firewall: { ...moved, node: "1".repeat(40) }, mod_gone: moved } };
    const change = compareContents(old, after);
    expect(change.modules.map(({ name, from, to }) => [name, from?.slice(0, 2), to?.slice(0, 2)])).toEqual([
      ["mod_firewall", "11", "cc"],
      ["mod_gone", "cc", undefined],
    ]);
    expect(change.packages).toEqual([{ name: "liblua5.4-0", from: "5.4.7-1", to: "5.4.7-2" }]);
    expect(change.platforms).toEqual([{ platform: "linux/amd64", size: 130, before: 120, pull: 30 }]);
  });

  it("is all of it where there was none before, and nothing between equal ones", () => {
    const image = read("5.4.7-1", 100, 20);
    expect(compareContents(null, image).platforms).toEqual([
      { platform: "linux/amd64", size: 120, before: null, pull: 120 },
    ]);
    expect(compareContents(image, image)).toMatchObject({ modules: [], packages: [], platforms: [{ pull: 0 }] });
  });
});
