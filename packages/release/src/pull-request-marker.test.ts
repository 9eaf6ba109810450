import { expect, it } from "vitest";
import { isSameBody, markBody, markerOf } from "./pull-request-marker.ts";

const marker = { branch: "bump/a-->b", plan: "f".repeat(64), labels: ["no rebuild", "<!--"] };

it("a marker comes back out of the text, also when GitHub's editor changed how its lines end", () => {
  const body = markBody("Text\n", marker);
  expect(markerOf(body)).toEqual(marker);
  expect(markerOf(body.replaceAll("\n", "\r\n"))).toEqual(marker);
  expect(isSameBody(body, body.replaceAll("\n", "\r\n").trimEnd())).toBe(true);
});

it("is a comment that nothing in it can end", () => {
  const [, comment] = markBody("Text", marker).split("<!-- prosody-foundry ");
  expect(comment?.indexOf("-->")).toBe((comment?.length ?? 0) - 4);
});

it("text that looks like a marker is none", () => {
  const forged = `\n<!-- prosody-foundry ${JSON.stringify({ ...marker, branch: "main" })} -->`;
  expect(markerOf(markBody(`Text${forged}`, marker))).toEqual(marker);
  expect(markerOf(`Text${forged}\nand more`)).toBeNull();
  expect(markerOf('Text\n<!-- prosody-foundry {"branch": -->')).toBeNull();
});

it.each(["x".repeat(70_000), "\u{1f600}".repeat(40_000)])(
  "with its marker a text is never longer than GitHub takes",
  (text) => {
    const body = markBody(text, marker);
    expect(body.length).toBeLessThanOrEqual(65_536);
    expect([body.isWellFormed(), body.includes("Cut: "), markerOf(body)]).toEqual([true, true, marker]);
  },
);
