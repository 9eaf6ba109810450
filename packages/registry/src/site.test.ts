import { expect, it } from "vitest";
import { judgementOf, lockOf, moduleOf, surveyOf } from "./sample-survey.ts";
import { siteFiles } from "./site.ts";

it("the page has every module with its verdicts, and what others wrote is text there", () => {
  const summary = `<script>alert("1")</script> & more`;
  const module = moduleOf({ description: { summary }, judgements: [judgementOf("broken", ["13.0.1"])] });
  const page = siteFiles(lockOf(["mod_a"]), [surveyOf({ mod_a: moduleOf(), mod_b: module })])["index.html"] ?? "";
  expect(page).toContain("<strong>mod_a</strong>");
  expect(page).toMatch(/<tr id="mod_b"><th>mod_b<\/th><td><\/td><td>broken<\/td>/u);
  expect(page).toContain("&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62; &#38; more");
  expect(page).toContain('href="surveys/prosody-modules.json"');
});
