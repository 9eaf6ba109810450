import { type Finding, bad, good } from "./check-result.ts";
import { type ImageFile, type ImageFiles, findReal } from "./image-files.ts";

/** Folders that everybody may write to: the server may run as any user. */
const writable = ["/tmp", "/run/prosody", "/var/lib/prosody"];

/** What is there only in a running container. */
const madeAtStart = /^\/(?:proc|sys|dev)\//u;

/** Whether no file gives rights, none but the folders for data can be written by all, and every link leads somewhere. */
export function judgeFiles(files: ImageFiles): Finding {
  const faults = [...files].flatMap(([at, file]) => {
    const fault = faultOf(files, at, file);
    return fault === undefined ? [] : [`${at} ${fault}`];
  });
  return faults.length === 0 ? good(`${files.size} files`) : bad(listFaults(faults));
}

function faultOf(files: ImageFiles, at: string, file: ImageFile): string | undefined {
  if (file.kind === "link") return isDangling(files, at, file) ? `leads nowhere: ${file.target}` : undefined;
  if (file.kind === "device") return "is a device";
  if ((file.mode & 0o6000) !== 0) return "gives its owner's rights away (setuid or setgid)";
  if ((file.mode & 0o002) !== 0 && !writable.includes(at)) return "can be written by everybody";
  return undefined;
}

function isDangling(files: ImageFiles, at: string, file: ImageFile): boolean {
  return !madeAtStart.test(file.target ?? "") && findReal(files, at) === undefined;
}

const enough = 12;

/** All faults where they are few, the first ones and a number where they are many. */
export function listFaults(faults: readonly string[]): string {
  const rest = faults.length - enough;
  return faults.slice(0, enough).join("; ") + (rest > 0 ? `; and ${rest} more` : "");
}
