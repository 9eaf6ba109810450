-- Becomes the server: writes the files of a job into the container's tmpfs, then runs the server in this process.
-- The images have no shell, and standard input reaches every engine, so this comes in on `lua -`.
local job = ...;

local lfs = require "lfs";

local function make_folder(path)
	local made = "";
	for part in path:gmatch("[^/]+") do
		made = made .. "/" .. part;
		lfs.mkdir(made);
	end
end

make_folder(job.folder .. "/data");
make_folder(job.folder .. "/modules");
-- Looked for beside the configuration; an error line that is no module's fault otherwise.
make_folder(job.folder .. "/certs");
for _, file in ipairs(job.files) do
	local path = job.folder .. "/" .. file.path;
	make_folder(path:match("^(.*)/"));
	local handle = assert(io.open(path, "wb"));
	handle:write(file.bytes);
	handle:close();
end

-- The server shall find the state that it finds when it starts by itself; lfs sets a global.
package.loaded.lfs, _G.lfs = nil, nil;

io.stdout:setvbuf("line");
print(job.mark .. "!");

local server = "/usr/bin/prosody";
arg = { [0] = server; "-F"; "--config"; job.folder .. "/prosody.cfg.lua" };
dofile(server);
