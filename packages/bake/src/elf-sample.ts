import type { Platform } from "@prosody-foundry/images";
import { machines } from "./machine.ts";

/** What a small ELF file of a test says to the dynamic linker; it has no code. */
export interface ElfSample {
  /** e_flags; those of the platform unless given. */
  flags?: number;
  interpreter?: string;
  soname?: string;
  needed?: readonly string[];
  runpath?: string;
  /** Versions it defines. */
  versions?: readonly string[];
  /** Library → versions it asks of it. */
  wants?: Readonly<Record<string, readonly string[]>>;
  /** It can do without the versions. */
  weak?: boolean;
  defines?: readonly string[];
  asks?: readonly string[];
  asksWeakly?: readonly string[];
}

/** Writes numbers in a platform's order and width, and gathers names. */
interface Writer {
  wide: boolean;
  half: (value: number) => Buffer;
  word: (value: number) => Buffer;
  native: (value: number) => Buffer;
  /** Offset of a name in the string table. */
  name: (text: string) => number;
  names: () => Buffer;
}

/** Where the file is loaded; addresses are not offsets. */
const base = 0x10000;

/** The bytes of a shared object for a platform, laid out as the System V ABI says. */
export function makeElf(platform: Platform, sample: ElfSample): Buffer {
  const writer = openWriter(platform);
  const named = writeNamed(writer, sample);
  const symbols = writeSymbols(writer, sample);
  const parts = [
    { tag: 6, bytes: Buffer.concat(symbols) },
    { tag: 4, bytes: writeHash(writer, symbols.length) },
    { tag: 0x6ffffffe, bytes: writeWanted(writer, sample), count: Object.keys(sample.wants ?? {}).length },
    { tag: 0x6ffffffc, bytes: writeVersions(writer, sample), count: sample.versions?.length ?? 0 },
    { tag: 0, bytes: Buffer.from(`${sample.interpreter ?? ""}\0`) },
    { tag: 5, bytes: writer.names() },
  ];
  const segmentCount = sample.interpreter === undefined ? 2 : 3;
  const head = writer.wide ? 64 + 56 * segmentCount : 52 + 32 * segmentCount;
  const offsets = parts.map((_, index) => head + Buffer.concat(parts.slice(0, index).map(({ bytes }) => bytes)).length);
  const dynamic = [
    ...named,
    ...parts.flatMap(({ tag, count }, index): number[][] => {
      if (tag === 0 || count === 0) return [];
      const at = [tag, base + (offsets[index] ?? 0)];
      return count === undefined ? [at] : [at, [tag + 1, count]];
    }),
    [0, 0],
  ].flatMap((pair) => pair.map(writer.native));
  const body = Buffer.concat(parts.map(({ bytes }) => bytes));
  const table = Buffer.concat(dynamic);
  const segments = [
    writeSegment(writer, 1, [0, head + body.length + table.length]),
    writeSegment(writer, 2, [head + body.length, table.length]),
    writeSegment(writer, 3, [offsets[4] ?? 0, 1 + (sample.interpreter?.length ?? 0)]),
  ].slice(0, segmentCount);
  return Buffer.concat([
    writeHeader(writer, { platform, flags: sample.flags }, segmentCount),
    ...segments,
    body,
    table,
  ]);
}

function openWriter(platform: Platform): Writer {
  const { bits, endian } = machines[platform];
  const write = (size: number) => (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    const cut = bytes.subarray(0, size);
    return endian === "little" ? cut : Buffer.from(cut.toReversed());
  };
  let all = "\0";
  const name = (text: string): number => {
    const at = all.length;
    all += `${text}\0`;
    return at;
  };
  const names = (): Buffer => Buffer.from(all, "latin1");
  return { wide: bits === 64, half: write(2), word: write(4), native: write(bits / 8), name, names };
}

function writeNamed({ name }: Writer, { needed = [], soname, runpath }: ElfSample): number[][] {
  const rows: [number, string | undefined][] = [
    ...needed.map((each): [number, string] => [1, each]),
    [14, soname],
    [29, runpath],
  ];
  return rows.flatMap(([tag, text]) => (text === undefined ? [] : [[tag, name(text)]]));
}

function writeSymbols(writer: Writer, { defines = [], asks = [], asksWeakly = [] }: ElfSample): Buffer[] {
  const { wide, half, word, native } = writer;
  const symbol = (text: string, binding: number, section: number): Buffer => {
    const info = Buffer.from([(binding << 4) | 2, 0]);
    const at = word(writer.name(text));
    const numbers = [native(0), native(0)];
    return Buffer.concat(wide ? [at, info, half(section), ...numbers] : [at, ...numbers, info, half(section)]);
  };
  return [
    Buffer.alloc(wide ? 24 : 16),
    ...defines.map((text) => symbol(text, 1, 1)),
    ...asks.map((text) => symbol(text, 1, 0)),
    ...asksWeakly.map((text) => symbol(text, 2, 0)),
  ];
}

/** A table with one bucket, of which only the length counts here. */
function writeHash({ word }: Writer, symbols: number): Buffer {
  return Buffer.concat([word(1), word(symbols), word(0), Buffer.alloc(4 * symbols)]);
}

function writeWanted({ half, word, name }: Writer, { wants = {}, weak = false }: ElfSample): Buffer {
  const libraries = Object.entries(wants);
  const records = libraries.map(([library, names], index) => {
    const rows = names.map((text, at) => {
      const next = at + 1 < names.length ? 16 : 0;
      return Buffer.concat([word(0), half(weak ? 2 : 0), half(2), word(name(text)), word(next)]);
    });
    const next = index + 1 < libraries.length ? 16 + 16 * rows.length : 0;
    return Buffer.concat([half(1), half(rows.length), word(name(library)), word(16), word(next), ...rows]);
  });
  return Buffer.concat(records);
}

function writeVersions({ half, word, name }: Writer, { versions = [] }: ElfSample): Buffer {
  const records = versions.map((text, index) => {
    const next = index + 1 < versions.length ? 28 : 0;
    const head = [half(1), half(0), half(index), half(1), word(0), word(20), word(next)];
    return Buffer.concat([...head, word(name(text)), word(0)]);
  });
  return Buffer.concat(records);
}

function writeSegment({ wide, word, native }: Writer, type: number, [at = 0, length = 0]: readonly number[]): Buffer {
  const place = [native(at), native(base + at), native(base + at), native(length), native(length)];
  return Buffer.concat(wide ? [word(type), word(4), ...place, native(8)] : [word(type), ...place, word(4), native(8)]);
}

function writeHeader(
  { wide, half, word, native }: Writer,
  of: { platform: Platform; flags: number | undefined },
  segments: number,
): Buffer {
  const { elf, endian, abi } = machines[of.platform];
  const head = wide ? 64 : 52;
  const ident = [0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, endian === "little" ? 1 : 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const places = [native(0), native(head), native(0), word(of.flags ?? abi.value), half(head)];
  const sizes = [half(wide ? 56 : 32), half(segments), half(0), half(0), half(0)];
  return Buffer.concat([Buffer.from(ident), half(3), half(elf), word(1), ...places, ...sizes]);
}
