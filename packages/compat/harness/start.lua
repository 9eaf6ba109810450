-- Becomes the server: lays out the files of a job, then runs the server in this process.
-- The images have no shell, and standard input reaches every engine, so all of this comes in there.
local job, lay_out = ...;

-- First of all: what fails from here on is the job's fault.
io.stdout:setvbuf("line");
print(job.mark .. "!");
lay_out(job);

-- The server shall find the state that it finds when it starts by itself; lfs sets a global.
package.loaded.lfs, _G.lfs = nil, nil;

local server = "/usr/bin/prosody";
arg = { [0] = server; "-F"; "--config"; job.folder .. "/prosody.cfg.lua" };
dofile(server);
