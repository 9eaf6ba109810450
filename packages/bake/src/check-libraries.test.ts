import { Platform, platformNames } from "@prosody-foundry/images";
import { describe, expect, it } from "vitest";
import { judgeLibraries } from "./check-libraries.ts";
import { parseElf } from "./elf.ts";
import { type ElfSample, makeElf } from "./elf-sample.ts";
import type { ImageFile } from "./image-files.ts";

/** A path with `LIB` for the platform's folder of libraries → an ELF file, a link, or Lua that quotes words. */
type Root = Record<string, ElfSample | { platform: Platform; elf: ElfSample } | { to: string } | string[] | "broken">;

const libc: ElfSample = { soname: "libc.so.6", versions: ["GLIBC_2.34"], defines: ["malloc", "open"] };
const wantsLibc = { needed: ["libc.so.6"], wants: { "libc.so.6": ["GLIBC_2.34"] } };
const good: Root = {
  "/lib": { to: "usr/lib" },
  "/usr/lib/ld.so.1": { soname: "ld.so.1" },
  "/usr/bin/lua5.4": { interpreter: "/lib/ld.so.1", ...wantsLibc, defines: ["lua_pushnil"], asks: ["malloc"] },
  "LIB/libc.so.6": libc,
  "LIB/lua/5.4/lxp.so": { to: "../../liblua5.4-expat.so.0.0.0" },
  "LIB/liblua5.4-expat.so.0.0.0": { needed: ["libexpat.so.1"], asks: ["lua_pushnil", "XML_Parse"] },
  "LIB/libexpat.so.1": { to: "libexpat.so.1.10.1" },
  "LIB/libexpat.so.1.10.1": { soname: "libexpat.so.1", ...wantsLibc, defines: ["XML_Parse"], asks: ["malloc"] },
  "LIB/lua/5.4/dbd/mysql.so": { needed: ["libmariadb.so.3"] },
  "LIB/libmariadb.so.3": wantsLibc,
  "LIB/libmariadb3/plugin/dialog.so": wantsLibc,
  "LIB/lua/5.4/ssl.so": wantsLibc,
  "/usr/lib/prosody/util/net.so": { ...wantsLibc, asks: ["lua_pushnil"], asksWeakly: ["__gmon_start__"] },
  "/usr/lib/prosody/core/s2s.lua": ["lxp", "ssl.core", "util.net"],
};

function judge(root: Root, platform: Platform = "linux/amd64") {
  const library = `/usr/lib/${platformNames[platform].triplet}`;
  const files = new Map<string, ImageFile>();
  for (const [name, made] of Object.entries({ ...good, ...root })) {
    files.set(name.replace(/^LIB/u, library), toFile(made, platform));
  }
  return judgeLibraries({ platform, files, program: "/usr/bin/lua5.4" });
}

function toFile(made: Root[string], platform: Platform): ImageFile {
  if (made === "broken") return { kind: "file", mode: 0o644, size: 9, elf: "broken" };
  if (Array.isArray(made)) return { kind: "file", mode: 0o644, size: 9, words: made };
  if ("to" in made) return { kind: "link", mode: 0o777, size: 0, target: made.to };
  const foreign = "elf" in made ? made : { platform, elf: made };
  return { kind: "file", mode: 0o644, size: 1234, elf: parseElf(makeElf(foreign.platform, foreign.elf)) };
}

describe.each(Platform.options)("the libraries of an image for %s", (platform) => {
  it("are well when each is found and each is needed", () => {
    expect(judge({}, platform)).toEqual({
      ok: true,
      detail: "10 ELF files, each one needed; all 3 symbols they ask for are there",
    });
  });

  it("are refused when one is of another machine", () => {
    const other = platform === "linux/s390x" ? "linux/arm64" : "linux/s390x";
    const { ok, detail } = judge({ "LIB/libexpat.so.1.10.1": { platform: other, elf: libc } }, platform);
    expect(ok).toBe(false);
    expect(detail).toMatch(new RegExp(`libexpat\\.so\\.1\\.10\\.1 is for another machine: ${other}$`, "u"));
  });
});

it.each([
  ["soft-float", "linux/arm/v7", 0x05000200],
  ["an older convention", "linux/arm/v7", 0x04000400],
  ["ELFv1", "linux/ppc64le", 1],
  ["no registers for numbers", "linux/riscv64", 1],
] as const)("a library of another calling convention is refused: %s", (_, platform, flags) => {
  const { ok, detail } = judge({ "LIB/libexpat.so.1.10.1": { ...wantsLibc, flags, defines: ["XML_Parse"] } }, platform);
  expect(ok).toBe(false);
  expect(detail).toMatch(
    new RegExp(`has another calling convention than ${platform}: flags 0x${flags.toString(16)}$`, "u"),
  );
});

it("a library for 32-bit ARM may leave hard-float unsaid", () => {
  const elf = { ...wantsLibc, flags: 0x05000000, defines: ["XML_Parse"], asks: ["malloc"] };
  expect(judge({ "LIB/libexpat.so.1.10.1": elf }, "linux/arm/v7").ok).toBe(true);
});

it.each<[string, Root, RegExp]>([
  [
    "a library is missing",
    { "LIB/libexpat.so.1": [] },
    /-expat\.so\.0\.0\.0 needs libexpat\.so\.1, which is not there/u,
  ],
  [
    "a link to a library leads nowhere",
    { "LIB/libexpat.so.1": { to: "libexpat.so.1.9" } },
    /-expat\.so\.0\.0\.0 needs libexpat\.so\.1, which is not there/u,
  ],
  [
    "a library lacks a version that is asked of it",
    { "LIB/libc.so.6": { ...libc, versions: ["GLIBC_2.31"] } },
    /^\/usr\/bin\/lua5\.4 needs GLIBC_2\.34 of libc\.so\.6, which lacks it; /u,
  ],
  [
    "a library lacks a symbol",
    { "LIB/libexpat.so.1.10.1": { ...wantsLibc, asks: ["malloc"] } },
    /^liblua5\.4-expat\.so\.0\.0\.0 asks for XML_Parse, which nothing it needs defines$/u,
  ],
  [
    "only a library that is not needed has the symbol",
    { "LIB/lua/5.4/ssl.so": { ...wantsLibc, asks: ["XML_Parse"] } },
    /^ssl\.so asks for XML_Parse, which nothing it needs defines$/u,
  ],
  [
    "a library is not needed",
    { "LIB/libicu.so.76": wantsLibc },
    /^nothing loads \/usr\/lib\/.*\/libicu\.so\.76 \(1234 bytes\)$/u,
  ],
  [
    "a library is needed only by one that is not",
    { "LIB/libicu.so.76": { needed: ["libdata.so.76"] }, "LIB/libdata.so.76": {} },
    /libicu\.so\.76 .*; nothing loads .*libdata\.so\.76/u,
  ],
  [
    "a C module is named by no Lua file",
    { "LIB/lua/5.4/socket/serial.so": wantsLibc },
    /^nothing loads .*\/socket\/serial\.so/u,
  ],
  [
    "a plugin is there without its library",
    { "LIB/lua/5.4/dbd/mysql.so": [], "LIB/libmariadb.so.3": [] },
    /^nothing loads .*\/dialog\.so/u,
  ],
  ["a program is there that is not started", { "/usr/bin/openssl": wantsLibc }, /^nothing loads \/usr\/bin\/openssl/u],
  ["a file is broken", { "LIB/libc.so.6": "broken" }, /libc\.so\.6 is a broken ELF file/u],
  [
    "what is started is no program",
    { "/usr/bin/lua5.4": ["x"] },
    /^\/usr\/bin\/lua5\.4, which is started, is no ELF program$/u,
  ],
])("what is wrong is named when %s", (_, root, detail) => {
  const finding = judge(root);
  expect(finding.ok).toBe(false);
  expect(finding.detail).toMatch(detail);
});

it("a library beside the one that names it is found by its own path", () => {
  const own = { needed: ["libown.so"], runpath: "$ORIGIN/own" };
  expect(judge({ "LIB/lua/5.4/ssl.so": own, "LIB/lua/5.4/own/libown.so": {} }).ok).toBe(true);
  expect(judge({ "LIB/lua/5.4/ssl.so": { needed: ["libown.so"] }, "LIB/lua/5.4/own/libown.so": {} }).detail).toMatch(
    /ssl\.so needs libown\.so, which is not there/u,
  );
});

it("libc loads libgcc_s by itself", () => {
  expect(judge({ "LIB/libgcc_s.so.1": wantsLibc }).ok).toBe(true);
});
