import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { sha256 } from "@prosody-foundry/kit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { selectImages } from "./images.ts";
import { findDockerfile, readImages, readSeries } from "./read-images.ts";
import { imageOf, seriesFile } from "./sample-lock.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "images-"));
});
afterEach(() => rm(root, { recursive: true }));

const {
  name: _name,
  rootfs: _rootfs,
  native: _native,
  dockerfile: _dockerfile,
  ...manifest
} = imageOf(["mod_x"], ["mod_y"]);

async function put(file: string, content: unknown): Promise<void> {
  const target = path.join(root, "images", file);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, typeof content === "string" ? content : JSON.stringify(content));
}

it("images are read with the hashes of their files and of what builds them", async () => {
  await put("Dockerfile", "FROM scratch\n");
  await put("prosody/image.json", manifest);
  await put("prosody/rootfs/etc/a.lua", "return 1\n");
  await put("prosody/rootfs/bin/run", "#!x\n");
  await chmod(path.join(root, "images/prosody/rootfs/bin/run"), 0o775);
  await symlink("../etc/a.lua", path.join(root, "images/prosody/rootfs/bin/link"));
  await put("native/a.c", "int a;\n");
  await put("own/image.json", { ...manifest, variant: "own" });
  await put("own/Dockerfile", "FROM base\n");
  await put("notes/README.md", "no image");
  const native = { "a.c": `0644 ${sha256("int a;\n")}` };
  expect(await readImages(root)).toEqual([
    { ...manifest, variant: "own", name: "own", rootfs: {}, native, dockerfile: sha256("FROM base\n") },
    {
      ...manifest,
      name: "prosody",
      rootfs: {
        "bin/link": "link ../etc/a.lua",
        "bin/run": `0755 ${sha256("#!x\n")}`,
        "etc/a.lua": `0644 ${sha256("return 1\n")}`,
      },
      native,
      dockerfile: sha256("FROM scratch\n"),
    },
  ]);
});

it("an image is built by its own Dockerfile, or by that of all", async () => {
  await put("Dockerfile", "FROM scratch\n");
  await put("own/Dockerfile", "FROM base\n");
  expect(await findDockerfile(root, "own")).toBe(path.join(root, "images/own/Dockerfile"));
  expect(await findDockerfile(root, "prosody")).toBe(path.join(root, "images/Dockerfile"));
});

it("the umask of a checkout is no input", async () => {
  await put("Dockerfile", "FROM scratch\n");
  await put("prosody/image.json", manifest);
  await put("prosody/rootfs/a", "a");
  const [before] = await readImages(root);
  await chmod(path.join(root, "images/prosody/rootfs/a"), 0o664);
  expect(await readImages(root)).toEqual([before]);
});

it("a repository without images has none", async () => {
  expect(await readImages(root)).toEqual([]);
});

const mend = "Mend it, or take the committed file back (`git checkout`).";

it.each([
  ["malformed JSON", "prosody", '{\n"title": x}', /images\/prosody\/image\.json:2:10 is no JSON/u, mend],
  [
    "a misspelt field",
    "prosody",
    { ...manifest, platform: [] },
    /Unrecognized key: "platform"/u,
    "Did you mean platforms?",
  ],
  ["an unknown series", "prosody", { ...manifest, series: ["13.1"] }, /series\[0\]: Invalid option/u, mend],
  [
    "a bad module name",
    "prosody",
    { ...manifest, modules: { required: ["x"], optional: [] } },
    /modules\.required\[0\]: is no module name/u,
    mend,
  ],
  ["no platform", "prosody", { ...manifest, platforms: [] }, /platforms: /u, mend],
  [
    "a bad package name",
    "prosody",
    { ...manifest, packages: { all: ["a b"] } },
    /packages\.all\[0\]: is no Debian package name/u,
    mend,
  ],
  [
    "a module named twice",
    "prosody",
    { ...manifest, modules: { required: ["mod_x"], optional: ["mod_x"] } },
    /mod_x is named twice/u,
    mend,
  ],
  ["a bad folder name", "My_Image", manifest, /images\/My_Image\/image\.json: the folder's name/u, mend],
])("an image.json with %s is refused, naming file and field", async (...row) => {
  const [, folder, content, message, hint] = row;
  await put("Dockerfile", "FROM scratch\n");
  await put(`${folder}/image.json`, content);
  await expect(readImages(root)).rejects.toMatchObject({
    code: "IMAGE_MALFORMED",
    message: expect.stringMatching(message),
    hint,
  });
});

it("two images under one variant are refused", async () => {
  await put("Dockerfile", "FROM scratch\n");
  await put("one/image.json", manifest);
  await put("two/image.json", manifest);
  await expect(readImages(root)).rejects.toMatchObject({
    code: "IMAGE_MALFORMED",
    message: expect.stringContaining("one has"),
  });
});

it("an image nothing builds is refused", async () => {
  await put("prosody/image.json", manifest);
  await expect(readImages(root)).rejects.toMatchObject({ code: "DOCKERFILE_MISSING" });
});

it("series.json is read", async () => {
  await put("series.json", seriesFile);
  expect(await readSeries(root)).toEqual(seriesFile);
});

it.each([
  ["malformed JSON", "[", "SERIES_MALFORMED", /images\/series\.json:1:2 is no JSON/u],
  ["a misspelt field", { ...seriesFile, defualt: "13.0" }, "SERIES_MALFORMED", /defualt/u],
  [
    "a hash cut short",
    JSON.stringify(seriesFile).replace("1".repeat(64), "1"),
    "SERIES_MALFORMED",
    /series\["0\.12"\]\.releases\[0\]\.sha256: is no SHA-256/u,
  ],
])("a series.json with %s is refused, naming the field", async (...row) => {
  const [, content, code, message] = row;
  await put("series.json", content);
  await expect(readSeries(root)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

it("a missing series.json is an error with a hint", async () => {
  await expect(readSeries(root)).rejects.toMatchObject({ code: "SERIES_MISSING", hint: expect.any(String) });
});

it("images are chosen by name, and an unknown one is answered with the nearest", () => {
  const images = [imageOf([]), { ...imageOf([]), name: "jitsi" }];
  expect(selectImages(images, ["jitsi"]).map(({ name }) => name)).toEqual(["jitsi"]);
  expect(selectImages(images, []).length).toBe(2);
  expect(() => selectImages(images, ["prosodi"])).toThrow(
    expect.objectContaining({ code: "IMAGE_UNKNOWN", hint: "Did you mean prosody?" }),
  );
});
