/** The Debian that all images are built in, whatever suite their packages are of. */
export const buildSuite = "trixie";

/** Debian architectures of the machines that images are built on. */
export const buildArchitectures = ["amd64", "arm64"] as const;

/** What every root needs beside the packages an image declares: os-release, and the licence texts others refer to. */
export const rootPackages: readonly string[] = ["base-files"];

/**
 * Headers and link libraries of the platform that is built for, of the suite that its root is of. Only these, not what they
 * depend on: they are unpacked into a folder of their own. Servers are compiled for the build suite alone; the image's own C
 * modules, for all, do without the compiler's library.
 */
export function devPackages(suite: string): string[] {
  return suite === buildSuite ? ["libc6-dev", "libgcc-14-dev", "libssl-dev"] : ["libc6-dev", "libssl-dev"];
}

/** What the builder's stages run in: a root of these packages and of nothing else. */
const toolPackages = [
  ..."dash coreutils sed grep findutils make diffutils".split(" "),
  ..."libc6 libgcc-s1 libstdc++6 libselinux1 libpcre2-8-0 libacl1 libattr1 libcap2 libgmp10 libssl3t64".split(" "),
  ..."libsystemd0 zlib1g libzstd1".split(" "),
  "openssl",
  // One compiler for all platforms.
  ..."clang-19 libclang-common-19-dev libclang-cpp19 libllvm19 lld-19 libz3-4 libedit2 libbsd0 libmd0".split(" "),
  ..."libtinfo6 libxml2 liblzma5 libffi8".split(" "),
  // readelf
  ..."binutils libctf-nobfd0 libctf0 libbinutils libsframe1 libjansson4".split(" "),
  // icupkg, which cuts ICU's data
  ..."icu-devtools libicu76".split(" "),
  // Prosody's configure runs it.
  ..."lua5.4 libreadline8t64".split(" "),
  // Headers that are the same for every platform.
  ..."libicu-dev liblua5.4-dev linux-libc-dev".split(" "),
];

/** Those of them that have the machine's name in their own. */
const namedAfterMachine: Readonly<Record<(typeof buildArchitectures)[number], string>> = {
  amd64: "binutils-x86-64-linux-gnu",
  arm64: "binutils-aarch64-linux-gnu",
};

/** The tools of a build machine of this Debian architecture; all they need is among them. */
export function buildPackages(architecture: (typeof buildArchitectures)[number]): string[] {
  return [...toolPackages, namedAfterMachine[architecture]].toSorted();
}
