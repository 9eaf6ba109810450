-- Writes the files of a job into the container's tmpfs.
local lfs = require "lfs";

local function make_folder(path)
	local made = "";
	for part in path:gmatch("[^/]+") do
		made = made .. "/" .. part;
		lfs.mkdir(made);
	end
end

return function (job)
	make_folder(job.folder .. "/data");
	make_folder(job.folder .. "/modules");
	-- Looked for beside the configuration; an error line that is no module's fault otherwise.
	make_folder(job.folder .. "/certs");
	for _, file in ipairs(job.files) do
		local path = job.folder .. "/" .. file.path;
		make_folder(path:match("^(.*)/"));
		local handle = assert(io.open(path, "wb"));
		assert(handle:write(file.bytes));
		assert(handle:close());
	end
end
