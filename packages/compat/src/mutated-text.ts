import * as fc from "fast-check";

type Edit = (text: Buffer) => Buffer;

const pieces = [
  ..."--- ... \t- [ {{ ]] --[[ --[==[ ' \" ( ) trunk 0.12 \r \u0000 &a *a !!js/function <<: [^1] \\ ::: ``` =".split(
    " ",
  ),
  ..."---\n|...\n|# Compatibility\n|\n  ----- -----\n|--% lua: 5.1\n| end | function |\ufeff|\u2028".split("|"),
];

const place = fc.double({ min: 0, max: 1, noNaN: true });

/**
 * For tests: the text with bits flipped, pieces cut out, doubled, moved, repeated or put in, and the end of one of the
 * others behind its beginning.
 */
export function mutatedText(text: string | Uint8Array, others: readonly string[]): fc.Arbitrary<Buffer> {
  return fc.array(editsWith(others), { minLength: 1, maxLength: 8 }).map((edits) => {
    let result: Buffer = Buffer.from(text);
    for (const edit of edits) result = edit(result);
    return result;
  });
}

function editsWith(others: readonly string[]): fc.Arbitrary<Edit> {
  return fc.oneof(
    fc.tuple(place, fc.nat(7)).map(([at, bit]) => flip(at, bit)),
    fc.tuple(place, fc.nat(200)).map(([at, length]): Edit => {
      return (text) => Buffer.concat([text.subarray(0, indexIn(text, at)), text.subarray(indexIn(text, at) + length)]);
    }),
    fc.tuple(place, place, fc.nat(200), fc.nat(40)).map(([from, to, length, times]): Edit => {
      return (text) => {
        const piece = text.subarray(indexIn(text, from), indexIn(text, from) + length);
        return insert(text, to, Buffer.concat(Array.from({ length: times }, () => piece)));
      };
    }),
    fc.tuple(place, fc.oneof(fc.constantFrom(...pieces), fc.string(), fc.string({ unit: "binary" }))).map(
      ([at, piece]): Edit =>
        (text) =>
          insert(text, at, Buffer.from(piece)),
    ),
    fc.tuple(place, fc.uint8Array({ maxLength: 8 })).map(
      ([at, bytes]): Edit =>
        (text) =>
          insert(text, at, bytes),
    ),
    fc.tuple(place, place, fc.constantFrom(...others)).map(([at, from, other]): Edit => {
      const tail = Buffer.from(other).subarray(Math.floor(from * other.length));
      return (text) => Buffer.concat([text.subarray(0, indexIn(text, at)), tail]);
    }),
  );
}

function flip(at: number, bit: number): Edit {
  return (text) => {
    const flipped = Buffer.from(text);
    const index = Math.min(indexIn(text, at), text.length - 1);
    if (index >= 0) flipped[index] = (flipped[index] ?? 0) ^ (1 << bit);
    return flipped;
  };
}

function insert(text: Buffer, at: number, bytes: Uint8Array): Buffer {
  const start = indexIn(text, at);
  return Buffer.concat([text.subarray(0, start), bytes, text.subarray(start)]);
}

function indexIn(text: Buffer, at: number): number {
  return Math.floor(at * text.length);
}
