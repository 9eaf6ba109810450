import { expect, it } from "vitest";
import { placeOf } from "./github-place.ts";

const env = { GITHUB_TOKEN: "secret" };

it.each([
  ["git@github.com:acme/images.git", "acme/images"],
  ["https://github.com/acme/images", "acme/images"],
  ["https://somebody:password@github.com/acme/images.git", "acme/images"],
  ["ssh://git@github.com:22/acme/images.git/", "acme/images"],
])("the repository of %s is %s", (remote, name) => {
  const { owner, repo, api } = placeOf({ env, named: undefined, remote });
  expect([`${owner}/${repo}`, api]).toEqual([name, "https://api.github.com"]);
});

it("what the user names counts before the workflow's repository, and that before the remote", () => {
  const more = { ...env, GITHUB_REPOSITORY: "acme/workflow" };
  const remote = "https://github.com/acme/remote";
  expect(placeOf({ env: more, named: "acme/named", remote }).repo).toBe("named");
  expect(placeOf({ env: more, named: undefined, remote }).repo).toBe("workflow");
});

it("the remote of another host counts only where GitHub is said to be there", () => {
  const remote = "git@git.example.org:acme/images.git";
  const request = { env, named: undefined, remote };
  expect(() => placeOf(request)).toThrow(/repository/u);
  const there = { ...env, GITHUB_API_URL: "https://git.example.org/api/v3/" };
  expect(placeOf({ ...request, env: there })).toMatchObject({ repo: "images", api: "https://git.example.org/api/v3" });
});

it.each(["acme", "acme/images/more", "https://github.com/acme/images", ""])("%j is no repository", (named) => {
  expect(() => placeOf({ env, named, remote: null })).toThrow(/repository/u);
});

it("there has to be a token, and an empty one is none", () => {
  const request = { named: "acme/images", remote: null };
  expect(placeOf({ ...request, env: { GITHUB_TOKEN: "", GH_TOKEN: "other\n" } }).token).toBe("other");
  expect(() => placeOf({ ...request, env: { GITHUB_TOKEN: " " } })).toThrow("There is no token for acme/images");
});
