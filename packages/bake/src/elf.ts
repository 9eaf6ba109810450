/**
 * What the dynamic linker reads of an ELF file: System V ABI, chapters 4 and 5, and the GNU symbol versions of the Linux
 * Standard Base. Only program headers are used; section headers may be stripped.
 */
export interface ElfFile {
  bits: 32 | 64;
  endian: "little" | "big";
  /** e_machine: see `elfMachines`. */
  machine: number;
  /** e_flags: what a machine's calling conventions are told apart by. */
  flags: number;
  /** The program interpreter of a program; undefined for a library. */
  interpreter: string | undefined;
  soname: string | undefined;
  needed: string[];
  /** Folders of DT_RUNPATH or DT_RPATH, as written: `$ORIGIN` is not replaced. */
  runpath: string[];
  /** Versions it asks of the libraries it needs; weak ones may be missing. */
  wantedVersions: { library: string; version: string }[];
  /** Versions it defines, the one named like itself among them. */
  versions: string[];
  /** Names it defines for others. */
  defined: ReadonlySet<string>;
  /** Names that something else has to define; weak ones left out. */
  undefined: string[];
}

const magic = 0x7f454c46;

/** Whether a file that begins with these bytes is an ELF file. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 20 && viewOf(bytes).getUint32(0) === magic;
}

/** Reads an ELF file that is a program or a shared object. @throws RangeError when it is cut off or contradicts itself. */
export function parseElf(bytes: Uint8Array): ElfFile {
  const image = openElf(bytes);
  const segments = readSegments(image);
  const dynamic = readDynamic(image, segments);
  const text = (offset: number): string => readText(image, dynamic.strings + offset);
  const interpreter = segments.find(({ type }) => type === segment.interp);
  const all = (tag: number): string[] =>
    dynamic.entries.filter((entry) => entry.tag === tag).map((entry) => text(entry.value));
  return {
    bits: image.wide ? 64 : 32,
    endian: image.little ? "little" : "big",
    machine: image.half(18),
    flags: image.word(image.wide ? 48 : 36),
    interpreter: interpreter && readText(image, interpreter.offset),
    soname: all(tag.soname)[0],
    needed: all(tag.needed),
    runpath: [...all(tag.runpath), ...all(tag.rpath)].flatMap((paths) => paths.split(":")),
    wantedVersions: readWantedVersions(image, dynamic, text),
    versions: readVersions(image, dynamic, text),
    ...readSymbols(image, dynamic, text),
  };
}

/** Reads numbers in the file's own order and width. */
interface ElfImage {
  bytes: Uint8Array;
  wide: boolean;
  little: boolean;
  half: (offset: number) => number;
  word: (offset: number) => number;
  /** An address or size: 4 or 8 bytes. */
  native: (offset: number) => number;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function openElf(bytes: Uint8Array): ElfImage {
  const [width, order] = [bytes[4] ?? 0, bytes[5] ?? 0];
  if (![1, 2].includes(width) || ![1, 2].includes(order)) throw new RangeError(`No width ${width} with order ${order}`);
  const view = viewOf(bytes);
  const wide = width === 2;
  const little = order === 1;
  const word = (offset: number): number => view.getUint32(offset, little);
  const native = (offset: number): number => (wide ? Number(view.getBigUint64(offset, little)) : word(offset));
  return { bytes, wide, little, half: (offset) => view.getUint16(offset, little), word, native };
}

const segment = { load: 1, dynamic: 2, interp: 3 };

interface Segment {
  type: number;
  offset: number;
  address: number;
  size: number;
}

function readSegments(image: ElfImage): Segment[] {
  const [start, size, count] = image.wide
    ? [image.native(32), image.half(54), image.half(56)]
    : [image.native(28), image.half(42), image.half(44)];
  const segments = Array.from({ length: count }, (_, index) => {
    const at = start + index * size;
    const [offset, address, length] = image.wide ? [8, 16, 32] : [4, 8, 16];
    return {
      type: image.word(at),
      offset: image.native(at + offset),
      address: image.native(at + address),
      size: image.native(at + length),
    };
  });
  const cut = segments.find((each) => each.type === segment.load && each.offset + each.size > image.bytes.length);
  if (cut !== undefined) throw new RangeError(`The segment at ${cut.offset} ends past the file`);
  return segments;
}

const tag = {
  needed: 1,
  hash: 4,
  strings: 5,
  symbols: 6,
  soname: 14,
  rpath: 15,
  runpath: 29,
  gnuHash: 0x6ffffef5,
  versions: 0x6ffffffc,
  versionCount: 0x6ffffffd,
  wanted: 0x6ffffffe,
  wantedCount: 0x6fffffff,
};

/** The dynamic section; a program that is linked statically has an empty one. */
interface Dynamic {
  entries: { tag: number; value: number }[];
  /** Offset in the file of what an entry points to; undefined without such an entry. */
  offsetOf: (tag: number) => number | undefined;
  valueOf: (tag: number) => number;
  /** Offset of the string table. */
  strings: number;
}

function readDynamic(image: ElfImage, segments: readonly Segment[]): Dynamic {
  const entries: Dynamic["entries"] = [];
  const found = segments.find(({ type }) => type === segment.dynamic) ?? { offset: 0, size: 0 };
  const step = image.wide ? 16 : 8;
  for (let at = found.offset; at < found.offset + found.size; at += step) {
    const kind = image.native(at);
    if (kind === 0) break;
    entries.push({ tag: kind, value: image.native(at + step / 2) });
  }
  const offsetOf = (kind: number): number | undefined => {
    const address = entries.find((entry) => entry.tag === kind)?.value;
    return address === undefined ? undefined : placeOf(segments, address);
  };
  const valueOf = (kind: number): number => entries.find((entry) => entry.tag === kind)?.value ?? 0;
  return { entries, offsetOf, valueOf, strings: offsetOf(tag.strings) ?? 0 };
}

function placeOf(segments: readonly Segment[], address: number): number {
  const holder = segments.find(
    (each) => each.type === segment.load && address >= each.address && address < each.address + each.size,
  );
  if (holder === undefined) throw new RangeError(`No segment holds address ${address}`);
  return address - holder.address + holder.offset;
}

const decoder = new TextDecoder("latin1");

function readText({ bytes }: ElfImage, offset: number): string {
  const end = bytes.indexOf(0, offset);
  if (end < 0) throw new RangeError(`A name at ${offset} does not end`);
  return decoder.decode(bytes.subarray(offset, end));
}

type Text = (offset: number) => string;

const weakVersion = 2;

function readWantedVersions(image: ElfImage, dynamic: Dynamic, text: Text): ElfFile["wantedVersions"] {
  const wanted: ElfFile["wantedVersions"] = [];
  const [start, count] = [dynamic.offsetOf(tag.wanted) ?? 0, dynamic.valueOf(tag.wantedCount)];
  let left = image.bytes.length / recordSize;
  for (const at of placesOf(image, { start, count, next: 12 })) {
    const library = text(image.word(at + 4));
    const versions = readVersionsOf(image, at);
    left -= versions.length;
    if (left < 0) throw new RangeError("More versions are wanted than the file has room for");
    const strong = versions.filter(({ weak }) => !weak);
    wanted.push(...strong.map(({ name }) => ({ library, version: text(name) })));
  }
  return wanted;
}

/** Records of which each says how far the next one is. */
interface Chain {
  start: number;
  count: number;
  /** Where in a record that is said. */
  next: number;
}

/** Bytes of the shortest record of versions. */
const recordSize = 16;

function placesOf(image: ElfImage, { start, count, next }: Chain): number[] {
  if (count > image.bytes.length / recordSize) throw new RangeError(`The file has no room for ${count} versions`);
  const places: number[] = [];
  let at = start;
  for (let left = count; left > 0; left -= 1) {
    places.push(at);
    const step = image.word(at + next);
    if (left > 1 && step < recordSize) throw new RangeError(`The versions at ${at} go on ${step} bytes later`);
    at += step;
  }
  return places;
}

/** What is wanted of one library; names as offsets in the string table. */
function readVersionsOf(image: ElfImage, library: number): { name: number; weak: boolean }[] {
  const [start, count] = [library + image.word(library + 8), image.half(library + 2)];
  return placesOf(image, { start, count, next: 12 }).map((at) => ({
    name: image.word(at + 8),
    weak: (image.half(at + 4) & weakVersion) !== 0,
  }));
}

function readVersions(image: ElfImage, dynamic: Dynamic, text: Text): string[] {
  const [start, count] = [dynamic.offsetOf(tag.versions) ?? 0, dynamic.valueOf(tag.versionCount)];
  return placesOf(image, { start, count, next: 16 }).map((at) => text(image.word(at + image.word(at + 12))));
}

const weakSymbol = 2;

function readSymbols(image: ElfImage, dynamic: Dynamic, text: Text): Pick<ElfFile, "defined" | "undefined"> {
  const table = dynamic.offsetOf(tag.symbols) ?? 0;
  const [size, infoAt, sectionAt] = image.wide ? [24, 4, 6] : [16, 12, 14];
  const defined = new Set<string>();
  const wanted: string[] = [];
  const count = countSymbols(image, dynamic);
  // The first symbol is always empty.
  for (let index = 1; index < count; index += 1) {
    const at = table + index * size;
    const name = text(image.word(at));
    const binding = (image.bytes[at + infoAt] ?? 0) >> 4;
    if (image.half(at + sectionAt) !== 0) defined.add(name);
    else if (binding !== weakSymbol && name !== "") wanted.push(name);
  }
  return { defined, undefined: wanted };
}

/** The table's length is written nowhere; the hash tables over it tell. */
function countSymbols(image: ElfImage, dynamic: Dynamic): number {
  const hash = dynamic.offsetOf(tag.hash);
  // s390x has entries of 8 bytes there; its files have the GNU table too.
  const gnu = dynamic.offsetOf(tag.gnuHash);
  if (gnu === undefined) return hash === undefined ? 0 : image.word(hash + 4);
  const buckets = image.word(gnu);
  const first = image.word(gnu + 4);
  const start = gnu + 16 + image.word(gnu + 8) * (image.wide ? 8 : 4);
  let last = 0;
  for (let bucket = 0; bucket < buckets; bucket += 1) last = Math.max(last, image.word(start + bucket * 4));
  if (last === 0) return first;
  const chains = start + buckets * 4;
  while ((image.word(chains + (last - first) * 4) & 1) === 0) last += 1;
  return last + 1;
}
