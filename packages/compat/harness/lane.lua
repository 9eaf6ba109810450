-- Makes the server a lane: all that every start has in common is done once, up to hosts that have only the server's own
-- modules; then each job is carried on in a child of its own. What a child does to itself ends with it; it runs as
-- another user without any power over this process.
local lane, lay_out = ...;

local lfs = require "lfs";
local stdin, stdout = io.stdin, io.stdout;
local kept = lane.keep .. "/output";

-- Nobody but this process may touch what lies here.
lfs.mkdir(lane.keep);
assert(io.open(kept, "w")):close();
-- Appending, so that this process can move about in it without moving the child, which shares the position.
local output = assert(io.open(kept, "a+"));
output:setvbuf("line");

local function remove_tree(path)
	if lfs.symlinkattributes(path, "mode") ~= "directory" then return os.remove(path); end
	for entry in lfs.dir(path) do
		if entry ~= "." and entry ~= ".." then remove_tree(path .. "/" .. entry); end
	end
	return lfs.rmdir(path);
end

-- Wherever a child may be able to write: what is mounted writable, such as the volumes that an image declares.
local writable = {};
for line in io.lines("/proc/self/mountinfo") do
	local path, options = line:match("^%S+ %S+ %S+ %S+ (%S+) (%S+)");
	local is_kernels = path == "/" or path == "/dev" or path == "/dev/pts" or path:match("^/proc") or path:match("^/sys");
	if not is_kernels and options:match("^rw") and lfs.attributes(path, "mode") == "directory" then
		writable[#writable + 1] = path;
	end
end

-- True when no file of the last child is left.
local function clean()
	local left = 0;
	for _, folder in ipairs(writable) do
		for entry in lfs.dir(folder) do
			local path = folder .. "/" .. entry;
			if entry ~= "." and entry ~= ".." and path ~= lane.keep and not remove_tree(path) then left = left + 1; end
		end
	end
	assert(io.open(kept, "w")):close();
	return left == 0;
end

-- Nobody collects the dead here, so they keep their numbers for as long as the lane lives.
local dead, died = {}, 0;

local function is_alive(pid)
	if dead[pid] then return false; end
	local handle = io.open("/proc/" .. pid .. "/stat");
	local state = handle and handle:read("a"):match("%) (%a)");
	if handle then handle:close(); end
	if state and state ~= "Z" and state ~= "X" then return true; end
	dead[pid], died = true, died + 1;
	return false;
end

local function is_anybody_alive()
	for entry in lfs.dir("/proc") do
		local pid = tonumber(entry);
		if pid and pid ~= 1 and is_alive(pid) then return true; end
	end
	return false;
end

-- Why the child must not go on; nil when it and all it started have ended.
local function wait_for_end(limit)
	local socket = require "socket";
	local deadline = socket.gettime() + limit;
	socket.sleep(lane.settle);
	while is_anybody_alive() do
		if output:seek("end") > lane.most then return "floods"; end
		if socket.gettime() > deadline then return "hangs"; end
		socket.sleep(0.01);
	end
	if output:seek("end") > lane.most then return "floods"; end
end

-- True when nobody is left; a process that is being killed takes a moment.
local function end_all()
	local socket = require "socket";
	for _ = 1, 200 do
		require "util.signal".kill(-1, "SIGKILL");
		if not is_anybody_alive() then return true; end
		socket.sleep(0.01);
	end
	return false;
end

local function loaded(name)
	return package.loaded["prosody." .. name] or package.loaded[name];
end

-- A module of the job that has the name of one that is loaded here already would never get its turn.
local function is_taken(job)
	local modulemanager = loaded "core.modulemanager";
	for _, file in ipairs(job.files) do
		local name = file.path:match("^modules/mod_([^/]+)/");
		if name and modulemanager.get_module("*", name) then return true; end
		for host in pairs(name and prosody.hosts or {}) do
			if modulemanager.get_module(host, name) then return true; end
		end
	end
	return false;
end

-- The child carries on as the server that starts with the job's own configuration.
local function become(job)
	assert(require "util.pposix".setuid(lane.user));
	output:write(job.mark, is_taken(job) and "~\n" or "!\n");
	if is_taken(job) then os.exit(1); end
	local startup = loaded "util.startup";
	if startup.hook_posix_signals then startup.hook_posix_signals(); end
	lay_out(job);
	lfs.chdir(job.folder .. "/data");
	local config = loaded "core.configmanager";
	assert(config.load(job.folder .. "/prosody.cfg.lua"));
	-- The lane itself listens nowhere.
	local portmanager = loaded "core.portmanager";
	for name in pairs(portmanager.get_registered_services()) do portmanager.activate(name); end
	for _, host in ipairs(job.hosts) do
		-- A host that is there already has all its modules but those that only the job's configuration knows.
		if not loaded "core.hostmanager".activate(host) then
			for _, name in ipairs(config.get(host, "modules_enabled") or {}) do
				loaded "core.modulemanager".load(host, name);
			end
		end
	end
	prosody.events.fire_event("hosts-activated", config.getconfig());
end

local function answer(mark, state, text)
	local encode = require "util.encodings".base64.encode;
	stdout:write(mark, " ", state, " ", encode(text), "\n");
	stdout:flush();
end

-- In a child it returns the job; in the lane it never does.
local function serve()
	for header in stdin:lines() do
		local mark, limit, length = header:match("^(%S+) (%S+) (%d+)$");
		local before = died;
		local text = stdin:read(tonumber(length));
		local ok, parent = require "util.pposix".daemonize();
		if ok and not parent then return load("return " .. text, "=job", "t", {})(); end
		local cut = not ok and "stuck" or wait_for_end(tonumber(limit));
		local ended = end_all();
		output:seek("set");
		local said = output:read(lane.most) or "";
		local cleaned = clean();
		-- Whoever leaves many dead takes the numbers that the next ones need.
		local spent = died - before > lane.deaths;
		answer(mark, ended and cleaned and not spent and (cut or "ended") or "stuck", said);
	end
	os.exit(0);
end

local function start_lane()
	local signal = require "util.signal";
	-- As process 1 it is deaf to what it has no handler for.
	for _, name in ipairs { "SIGTERM"; "SIGHUP"; "SIGINT"; "SIGUSR1"; "SIGUSR2" } do signal.signal(name); end
	lfs.chdir("/");
	clean();
	become(serve());
end

-- Printing goes where the log goes. The C library's own standard output is closed in a child.
io.stdout = output;
io.output(output);
function print(...)
	local words = table.pack(...);
	for at = 1, words.n do words[at] = tostring(words[at]); end
	io.stdout:write(table.concat(words, "\t"), "\n");
end

-- The moment at which the server has its events and nothing of ours has happened yet; the hosts come at priority 0.
setmetatable(_G, {
	__newindex = function (globals, name, value)
		rawset(globals, name, value);
		if name ~= "prosody" then return; end
		setmetatable(globals, nil);
		value.events.add_handler("server-starting", start_lane, -1);
	end;
});
