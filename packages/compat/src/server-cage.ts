/** A server says a few kilobytes; what a module prints without end must not fill the memory of the host. */
export const outputLimit = 4 * 1024 * 1024;

/**
 * What every container of ours is started with. Nothing of the host is visible inside, nothing can be reached from
 * it, and the kernel ends what takes more than a minute of a processor even when we are gone.
 */
export const bars = [
  "--interactive",
  "--rm",
  "--log-driver=none",
  "--pull=never",
  "--network=none",
  "--read-only",
  "--tmpfs=/tmp:mode=1777,size=64m",
  "--cap-drop=ALL",
  "--security-opt=no-new-privileges",
  "--memory=512m",
  "--ulimit=cpu=60:60",
  "--entrypoint=/usr/bin/lua5.4",
] as const;
