import { expect, it } from "vitest";
import { planPullRequests, type SeenPullRequests, type WantedPullRequest } from "./pull-requests.ts";

const wanted: WantedPullRequest = {
  branch: "bump/modules",
  title: "Bump",
  body: "All",
  labels: [],
  files: { a: "new" },
};
const nothing: SeenPullRequests = { base: { branch: "main", files: {} }, onto: {}, branches: {}, pulls: [] };
const request = { wanted: [wanted], onto: "1".repeat(40), family: "bump/" };

/** What GitHub has once all of a plan was done. */
function settled(onto = request.onto): SeenPullRequests {
  const [write, open] = planPullRequests({ ...request, onto }, nothing);
  if (write?.kind !== "write branch" || open?.kind !== "open") throw new Error("There is something else to do");
  const { branch, message } = write;
  const branches = { [branch]: { commit: "2".repeat(40), parents: [onto], message, files: null } };
  const { title, body } = open;
  return { ...nothing, branches, pulls: [{ number: 1, url: "", state: "open", title, body, labels: [], branch }] };
}

it("where too many files to be listed are there, the hash in the commit speaks for them", () => {
  expect(planPullRequests(request, settled())).toEqual([]);
  const other = { ...request, wanted: [{ ...wanted, files: { a: "newer" } }] };
  expect(planPullRequests(other, settled()).map(({ kind }) => kind)).toEqual(["write branch", "update"]);
});

it("a branch on another commit is made anew, also where that has the same files", () => {
  expect(planPullRequests(request, settled("3".repeat(40)))).toMatchObject([{ kind: "write branch", fresh: false }]);
});

it("what the default branch has already needs no pull request", () => {
  const files = { a: "3e5126c4e7d6ea9a6d8e4eb4e3dd9e9c8f7c9b0e" };
  const blob = "3e757656cf36eca53338e520d134963a44f793f8";
  expect(planPullRequests(request, { ...nothing, base: { branch: "main", files } })).toHaveLength(2);
  const same = { ...nothing, base: { branch: "main", files: { a: blob } } };
  const text = { ...request, wanted: [{ ...wanted, files: { a: "new\n" } }] };
  expect(planPullRequests(text, same)).toMatchObject([{ kind: "leave", because: "the default branch has it already" }]);
});
