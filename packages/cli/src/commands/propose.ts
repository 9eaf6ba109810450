import { UserError } from "@prosody-foundry/kit";
import type { WantedPullRequest } from "@prosody-foundry/release";
import type { CommandSpec } from "../command.ts";
import { checkKnown } from "../context.ts";
import { findGithub, proposePullRequests, renderPullRequests } from "../propose-pull-requests.ts";
import { readChanges } from "../read-changes.ts";
import { readProposalText } from "../read-proposal-text.ts";

type Proposal = Pick<WantedPullRequest, "branch" | "title" | "labels"> & {
  /** The command whose changes it has. */
  from: string;
};

/** Pull requests with what other commands changed; each has a branch of its own. */
const proposals: Readonly<Record<string, Proposal>> = {
  packages: {
    branch: "update/packages",
    title: "Debian's packages as they are now",
    labels: ["packages"],
    from: "foundry packages update",
  },
  series: {
    branch: "update/series",
    title: "New Prosody releases",
    labels: ["series"],
    from: "foundry series update",
  },
  trunk: {
    branch: "update/trunk",
    title: "Prosody's trunk as it is now",
    labels: ["series"],
    from: "foundry series update --series trunk",
  },
  version: {
    branch: "update/version",
    title: "Publish the next images",
    labels: ["release"],
    from: "foundry version",
  },
};

export const propose: CommandSpec = {
  name: "propose",
  summary:
    "make what another command changed here a pull request (packages, series, trunk or version), or close it when nothing is changed",
  arguments: "<what>",
  options: ["report", "github", "dryRun", "json"],
  example: "foundry packages update && foundry propose packages",
  async run(context, { args, flags }) {
    const [what = ""] = args;
    checkKnown("PROPOSAL_UNKNOWN", "kind of proposal", { word: what, known: Object.keys(proposals) });
    const proposal = proposals[what];
    if (proposal === undefined) throw new UserError("PROPOSAL_UNKNOWN", `There is no proposal ${what}`);
    const github = await findGithub(context, flags.github);
    const files = await readChanges(context);
    const isEmpty = Object.keys(files).length === 0;
    const body = isEmpty ? "" : await readProposalText(flags.report, `What \`${proposal.from}\` changed.\n`);
    const { branch, title, labels } = proposal;
    const wanted = isEmpty ? [] : [{ branch, title, labels, body, files }];
    const dryRun = flags.dryRun === true;
    const written = await proposePullRequests(context, github, { wanted, family: branch, dryRun });
    const commit = written.commits[branch];
    // Where nothing is proposed, whoever goes on from here goes on from what is there.
    const outputs: Record<string, string> = commit === undefined ? {} : { commit };
    return { value: written, text: renderPullRequests(written, dryRun), outputs };
  },
};
