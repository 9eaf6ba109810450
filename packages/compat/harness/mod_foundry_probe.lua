-- Tells which copy of a module is loaded on which host, once the server is up, and ends it. The log has the last
-- word: a module that fails after module:set_global() stays in this map.
module:set_global();

local modulemanager = package.loaded["core.modulemanager"] or package.loaded["prosody.core.modulemanager"];
local json = package.loaded["util.json"] or require "util.json";
local mark = module:get_option_string("foundry_mark");
local name = module:get_option_string("foundry_module");

-- Long enough for what a module puts off to the first turns of the event loop.
local settle = 0.15;

local function path_of(loaded)
	return loaded and loaded.module.path;
end

local function report()
	local hosts = {};
	for host in pairs(prosody.hosts) do
		hosts[host] = path_of(modulemanager.get_module(host, name));
	end
	print("");
	print(mark .. "=" .. json.encode({ global = path_of(modulemanager.get_module("*", name)); hosts = hosts }));
	os.exit(0);
end

module:hook("server-started", function ()
	print("");
	print(mark .. ">");
	module:add_timer(settle, report);
end, -1000);
