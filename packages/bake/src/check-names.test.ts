import { expect, it } from "vitest";
import { judgeNames, namesScript } from "./check-names.ts";
import { nameVectors } from "./name-vectors.ts";

const vectors = Object.values(nameVectors).flat();
const hex = (text: string | null): string => (text === null ? "-" : Buffer.from(text, "utf8").toString("hex"));
const whole = vectors.map(([, result]) => hex(result));

it("every name is asked for, in the order it is judged in", () => {
  const asked = [...namesScript.matchAll(/^(\w+) ([0-9a-f]+)$/gmu)].map(([, , text]) => text);
  expect(asked).toEqual(vectors.map(([text]) => hex(text)));
});

it("names that come out as they should are well", () => {
  expect(judgeNames(`${whole.join("\n")}\n`)).toEqual({
    ok: true,
    detail: `${vectors.length} names as with the whole of ICU`,
  });
});

it.each(["nodeprep", "nameprep", "resourceprep", "saslprep", "to_ascii", "to_unicode", "skeleton"] as const)(
  "one name that comes out otherwise is named: %s",
  (preparation) => {
    const [first] = nameVectors[preparation];
    const at = vectors.indexOf(first ?? ["", null]);
    const { ok, detail } = judgeNames(whole.with(at, "-").join("\n"));
    expect(ok).toBe(false);
    expect(detail).toBe(
      `${preparation} of ${JSON.stringify(first?.[0])} gives a refusal, not ${JSON.stringify(first?.[1])}`,
    );
  },
);

it("a name that should be refused and is not is a fault", () => {
  const at = vectors.findIndex(([, result]) => result === null);
  expect(judgeNames(whole.with(at, hex("x")).join("\n")).detail).toMatch(/gives "x", not a refusal$/u);
});

it("an output that ends early is a fault", () => {
  const finding = judgeNames(whole.slice(0, 5).join("\n"));
  expect(finding).toEqual({ ok: false, detail: `5 of ${vectors.length} names were prepared` });
});
